FROM localhost/cases:onbuild
RUN echo after > /after
