from localhost/base:1 as First
maintainer Some Body <some@body.example>
run echo x > /x
From first
Copy docs/a.md /
cMd ["sh"]
