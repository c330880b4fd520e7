# exec: environment that the command sees: HOSTNAME, HOME by user, PATH of the service, values with = and spaces, unset in the shell.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, hostname: box, init: true, command: sleep 1000, environment: {PATH: "/bin:/extra", A: "b=c d", E: ""}}}
Y
q up -d
c exec -T app env </dev/null | sort
echo --
c exec -T -e X='a=b c' -e Y= -e Z -e A=over -e 'Q="q"' -u app app env </dev/null | sort
echo --
c exec -T -e HOME=/h -e PATH=/bin app env </dev/null | sort
try c exec -T -e =x app env </dev/null; 
try c exec -T -e '' app true </dev/null
try c exec -T -e 'BAD NAME=1' app env </dev/null | grep BAD
