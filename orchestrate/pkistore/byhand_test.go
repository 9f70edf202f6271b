package pkistore

import (
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/pki"
)

// byHand is the layout as a person makes it, with openssl alone.
const byHand = `
umask 077
mkdir -p pki/db1/1 pki/db2/1 pki/db3/1
openssl genrsa -traditional -out pki/ca-key.pem 3072
openssl req -new -x509 -sha256 -days 3650 -key pki/ca-key.pem -subj "/CN=orders replication CA by hand" -out pki/ca.pem
for server in db1 db2 db3; do
    dir=pki/$server/1
    case $server in
    db3) openssl ecparam -name prime256v1 -genkey -out $dir/key.pem ;;
    *) openssl genrsa -traditional -out $dir/key.pem 2048 ;;
    esac
    openssl req -new -sha256 -key $dir/key.pem -subj "/CN=$server.example.com" -out $dir/request.pem
    printf 'subjectAltName=DNS:%s.example.com,IP:192.0.2.1\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature,keyEncipherment\n' $server > $dir/extensions
    openssl x509 -req -sha256 -days 730 -in $dir/request.pem -CA pki/ca.pem -CAkey pki/ca-key.pem -CAcreateserial -extfile $dir/extensions -out $dir/cert.pem
    cp pki/ca.pem $dir/ca.pem
done
openssl pkcs8 -topk8 -nocrypt -in pki/db2/1/key.pem -out pki/db2/1/new.pem
mv pki/db2/1/new.pem pki/db2/1/key.pem
`

func TestTheLayoutMadeByHand(t *testing.T) {
	dir := t.TempDir()
	shell(t, dir, byHand)
	store := Open(dir + "/pki")
	state := store.State()
	if state.CA.Presence != Known || state.CAKey.Presence != Known || len(state.Servers) != 3 {
		t.Fatalf("got %+v", state)
	}
	for name, form := range map[string]pki.KeyForm{"db1": pki.PKCS1, "db2": pki.PKCS8, "db3": pki.SEC1} {
		version, ok := state.Server(name).Version(1)
		if !ok || version.Why != "" || version.KeyForm != form {
			t.Fatalf("%s: %+v", name, version)
		}
		want := pki.Want{Names: []string{name + ".example.com", "192.0.2.1"}, Now: time.Now(), MinLeft: 24 * time.Hour}
		if found := pki.Judge(version.Set(), want); len(found) > 0 {
			t.Errorf("%s: %v", name, found)
		}
	}
	// The tool goes on where the person left off, also with an authority's key in PKCS#8.
	issue(t, store, "db1", 2)
	shell(t, dir, "umask 077; openssl pkcs8 -topk8 -nocrypt -in pki/ca-key.pem -out new.pem; mv new.pem pki/ca-key.pem")
	issue(t, store, "db1", 3)
	for _, set := range []string{"1", "2", "3"} {
		shell(t, dir, "openssl verify -CAfile pki/ca.pem pki/db1/"+set+"/cert.pem")
	}
}

// And a person goes on where the tool left off.
func TestByHandAfterTheTool(t *testing.T) {
	store := withCA(t)
	issue(t, store, "db1", 1)
	shell(t, store.Dir(), `
umask 077
mkdir db1/2
openssl req -new -newkey rsa:2048 -nodes -keyout db1/2/key.pem -subj /CN=db1.example.com -out db1/2/request.pem
echo 'subjectAltName=DNS:db1.example.com' > db1/2/extensions
openssl x509 -req -days 30 -in db1/2/request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile db1/2/extensions -out db1/2/cert.pem
cp ca.pem db1/2/ca.pem`)
	version, _ := store.State().Server("db1").Version(2)
	if found := pki.Judge(version.Set(), pki.Want{Names: []string{"db1.example.com"}, Now: time.Now()}); len(found) > 0 || version.Why != "" {
		t.Errorf("got %v %s", found, version.Why)
	}
	version, _ = store.State().Server("db1").Version(1)
	if found := pki.Judge(version.Set(), pki.Want{Names: []string{"db1.example.com"}, Now: time.Now()}); len(found) > 0 {
		t.Errorf("got %v", found)
	}
}
