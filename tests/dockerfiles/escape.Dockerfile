# syntax=docker/dockerfile:1
# escape=`

FROM localhost/base:1
RUN mkdir /a && `
    # a comment
    echo 'C:\dir\' > /a/file
ENV P=`$HOME
