FROM localhost/base:1
RUN echo zero > /zero
FROM localhost/base:1
COPY --from=0 /zero /
RUN echo one > /one
FROM scratch
COPY --from=1 /zero /one /
