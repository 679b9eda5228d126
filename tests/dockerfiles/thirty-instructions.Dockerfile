ARG VERSION=1
FROM localhost/base:$VERSION AS tools
ARG VERSION
WORKDIR /tools
COPY bin/tool.sh ./
RUN chmod 755 tool.sh && ./tool.sh > out
FROM localhost/base:1 AS assets
COPY docs /assets
RUN rm /assets/b.txt
RUN echo index > /assets/index
FROM localhost/base:1
LABEL org.opencontainers.image.title="thirty" org.opencontainers.image.version=1
ARG PORT=8080
ENV PORT=$PORT
ENV APP_HOME=/srv/app LOG_LEVEL=info
SHELL ["/bin/sh", "-e", "-c"]
RUN mkdir -p $APP_HOME /var/log/app
WORKDIR $APP_HOME
COPY app .
COPY --from=tools /tools/out /tools/tool.sh ./tools/
COPY --from=assets --chown=worker:worker /assets ./assets
COPY --chmod=600 docs/a.md ./private
ADD archive.tar.gz ./data/
RUN chown -R worker /var/log/app
RUN for i in 1 2 3; do echo $i > list.$i; done
RUN rm list.2
VOLUME /var/log/app
EXPOSE $PORT
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s CMD test -e list.1
USER worker
RUN id -u > /var/log/app/uid
ENTRYPOINT ["/bin/sh", "main.py"]
CMD ["--port", "8080"]
