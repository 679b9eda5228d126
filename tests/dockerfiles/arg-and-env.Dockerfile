FROM localhost/base:1
ARG NAME=arg
ENV NAME=env
RUN echo $NAME > /name
ARG PLACE=/srv/$NAME
WORKDIR $PLACE
