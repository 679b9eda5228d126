FROM localhost/base:1
WORKDIR /a
WORKDIR b/c
ENV D=/made
WORKDIR $D/here
RUN pwd > where
WORKDIR ../there
RUN pwd > where
