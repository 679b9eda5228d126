FROM localhost/base:1
SHELL ["/bin/sh", "-e", "-c"]
RUN false || true; echo $- > /flags
CMD echo shell form
SHELL ["/bin/sh", "-c"]
ENTRYPOINT echo other shell
