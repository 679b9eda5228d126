FROM localhost/base:1
RUN touch /suid /sticky && chmod 4755 /suid && mkdir /shared && chmod 3777 /shared
RUN echo x > /one && ln /one /two && ln -s /nowhere /dangling
RUN mkdir -p /o && touch /o/f && chown 1000:1001 /o/f && chown -R 65534:65534 /o && chmod 000 /o/f
