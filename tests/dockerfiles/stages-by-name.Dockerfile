FROM localhost/base:1 AS builder
RUN echo built > /out
FROM localhost/base:1 AS unused
RUN exit 1
FROM builder AS child
RUN echo child >> /out
FROM scratch
COPY --from=child /out /child
COPY --from=builder /out /builder
