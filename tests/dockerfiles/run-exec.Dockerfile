FROM localhost/base:1
RUN ["/bin/touch", "/made by exec", "/$HOME"]
RUN [ "sh", "-c", "echo $0 $1 > /args", "zero", "one" ]
