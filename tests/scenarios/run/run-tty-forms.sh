# run: -t, -i, -T without a terminal.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none}}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
how='[ -t 0 ] && echo tty in; [ -t 1 ] && echo tty out; cat'
for f in "" -T -i -t -it -ti "-i=false" "-t=false" "-T=false" "-i=false -T" --no-TTY; do echo "== $f"; r=0; echo typed | timeout 20 sh -c "$COMPOSE run --rm $f app sh -c '$how'" >o 2>err </dev/null || r=$?; echo "exit $r"; tr -d '\r' <o; grep -v Container err || :; done
echo piped | c run --rm -T app cat 2>err
echo piped | c run --rm -i -T app cat 2>err
echo piped | c run --rm --interactive=false -T app sh -c 'cat; echo end' 2>err
