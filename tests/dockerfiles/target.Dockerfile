FROM localhost/base:1 AS base
RUN echo base > /base
FROM base AS wanted
RUN echo wanted > /wanted
LABEL is=wanted
FROM base AS later
RUN exit 1
