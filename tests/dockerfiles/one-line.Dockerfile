FROM localhost/base:1
