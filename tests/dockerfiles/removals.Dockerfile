FROM localhost/base:1 AS full
RUN mkdir -p /d/sub && echo 1 > /d/sub/one && echo 2 > /d/two && ln -s two /d/link
FROM full
RUN rm /d/two /bin/nc && rm -rf /d/sub && echo file > /d/sub
RUN rm /d/link && mkdir /d/link && touch /d/link/in
RUN rm -rf /srv && mkdir /srv && touch /srv/new
