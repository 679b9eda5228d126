FROM localhost/base:1 AS parent
ENTRYPOINT ["/bin/echo", "from the parent"]
CMD ["inherited"]
FROM parent
ENTRYPOINT exec top -b
CMD echo $HOME
