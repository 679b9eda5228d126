FROM scratch
ENV A=1
CMD ["/nothing"]
