FROM localhost/base:1
WORKDIR /w
COPY docs/a.md .
COPY docs/a.md renamed
COPY docs/a.md folder/
COPY docs ./all
COPY docs/ /all/
COPY app/ docs/ /both/
