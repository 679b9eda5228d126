ARG VERSION=1
ARG BASE=localhost/base:$VERSION
FROM $BASE AS first
ARG VERSION
ARG LOCAL=l-$VERSION
RUN echo "$VERSION $LOCAL $BASE" > /first
FROM $BASE
ARG LOCAL
COPY --from=first /first /first
RUN echo "[$VERSION][$LOCAL]" > /second
