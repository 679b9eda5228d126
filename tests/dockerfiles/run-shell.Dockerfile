FROM localhost/base:1
RUN mkdir -p /a/b && \
    # what stands between is no part of the command

    echo one > /a/b/one && \
  echo two >/a/two ; chmod 600 /a/two
RUN echo "a  b" '$HOME' "$HOME" > /quoted
