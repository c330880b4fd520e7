# Logging drivers and options: local, json-file with options, tag and labels; an unknown driver; unknown and bad options.
one() { cat > compose.yaml <<Y
services:
  a: {image: busybox, network_mode: none, command: echo text, logging: $1}
Y
echo "# $1"; try c up -d; sleep 0.7; c logs --no-log-prefix a 2>/dev/null || :; }
one '{driver: local}'
one '{driver: local, options: {max-size: 1m, max-file: "3", compress: "false"}}'
one '{driver: json-file, options: {max-size: 1m, max-file: "3", compress: "true"}}'
one '{driver: json-file, options: {tag: "x", labels: "a,b", labels-regex: "^a", env: A, env-regex: "^B", mode: non-blocking, max-buffer-size: 1m}}'
one '{options: {max-size: 1m}}'
one '{driver: json-file, options: {nosuch: "1"}}'; says nosuch
one '{driver: json-file, options: {max-size: rubbish}}'; says rubbish
one '{driver: json-file, options: {max-file: "0", max-size: 1m}}'; says "max-file cannot be less than 1"
one '{driver: nosuchdriver}'; says "nosuchdriver"
one '{driver: none, options: {max-size: 1m}}'; says max-size
one '{driver: json-file, options: {mode: rubbish}}'; says rubbish
one '{driver: local, options: {tag: x}}'; says tag
one '{driver: local, options: {nosuch: x}}'; says nosuch
