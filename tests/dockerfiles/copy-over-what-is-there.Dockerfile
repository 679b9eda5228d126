FROM localhost/base:1
RUN mkdir -p -m 700 /d/sub && echo old > /d/a.md && echo stays > /d/sub/stays && chmod 751 /d
COPY docs /d
COPY docs/b.txt /d/sub/
