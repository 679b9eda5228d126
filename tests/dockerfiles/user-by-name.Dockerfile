FROM localhost/base:1
RUN mkdir /work && chown worker:worker /work
USER worker
RUN id -u > /work/uid && id -g > /work/gid
USER root
RUN id -u > /root-uid
USER worker
