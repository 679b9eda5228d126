FROM localhost/base:1
ONBUILD COPY app /srv/app
ONBUILD RUN echo triggered > /by
ONBUILD ENV FROM_PARENT=yes
