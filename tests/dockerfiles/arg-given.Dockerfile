FROM localhost/base:1
ARG GIVEN=default
ARG OTHER=default
ARG EMPTY=default
ARG NEVER
ENV KEPT=$GIVEN
RUN echo "$GIVEN $OTHER [$EMPTY] [$NEVER]" > /args
