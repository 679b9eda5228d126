FROM localhost/base:1
RUN mkdir /work && chmod 777 /work
USER 1234:5678
RUN touch /work/first
USER 1234
RUN touch /work/second
