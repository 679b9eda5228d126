FROM localhost/base:1 AS parent
CMD ["inherited"]
FROM parent
ENTRYPOINT ["/bin/echo"]
