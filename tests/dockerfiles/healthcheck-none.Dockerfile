FROM localhost/base:1 AS parent
HEALTHCHECK CMD ["/bin/true"]
FROM parent
HEALTHCHECK NONE
