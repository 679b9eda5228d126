FROM localhost/base:1
RUN mkdir /real && ln -s real /linked && ln -s /real /absolute
COPY docs/a.md /linked/
COPY docs/b.txt /absolute/new/
