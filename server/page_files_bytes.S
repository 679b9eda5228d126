# The files of the page as bytes of the program; page_files.h says why.
    .section .rodata
    .balign 16
    .global pipeline_page_html
pipeline_page_html:
    .incbin PIPELINE_PAGE_HTML
    .global pipeline_page_html_end
pipeline_page_html_end:
    .balign 16
    .global pipeline_page_css
pipeline_page_css:
    .incbin PIPELINE_PAGE_CSS
    .global pipeline_page_css_end
pipeline_page_css_end:
    .balign 16
    .global pipeline_page_js
pipeline_page_js:
    .incbin PIPELINE_PAGE_JS
    .global pipeline_page_js_end
pipeline_page_js_end:
    .section .note.GNU-stack, "", @progbits
