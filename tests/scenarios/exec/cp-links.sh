# cp of links: as they are, and with -L what they lead to, in both directions; a link to nothing; --index of none.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none, init: true, command: sleep 1000}}
Y
q up -d
echo x > f; ln -s f one; ln -s one two; ln -s nowhere dangling; mkdir d; echo y > d/y; ln -s d dir
for l in one two dangling dir; do try c cp $l app:/tmp/$l.plain; try c cp -L $l app:/tmp/$l.followed; done
inside app 'cd /tmp; for f in *; do if [ -L $f ]; then echo "$f -> $(readlink $f)"; else stat -c "%n %F" $f; fi; done; ls dir.followed'
inside app 'mkdir -p /srv/x; echo z > /srv/z; ln -s ../z /srv/x/rel; ln -s /srv/z /srv/x/abs'
for l in rel abs; do try c cp app:/srv/x/$l $l.plain; try c cp -L app:/srv/x/$l $l.followed; readlink $l.plain; cat $l.followed; done
try c cp -L two app:/srv/x/; inside app 'cat /srv/x/two'
try c cp --index 3 f app:/; says 'is not running container #3'
