# Lines of text as a string literal of C.
s/["\\]/\\&/g
s/.*/"&\\n"/
