package webhook

import (
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The vector of the specification's reference libraries.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime      = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestTheOfficialVector(t *testing.T) {
	t.Parallel()
	at := time.Unix(vectorTime, 0)
	got, err := Sign([]string{vectorSecret}, vectorID, at, []byte(vectorBody))
	require.NoError(t, err)
	require.Equal(t, vectorSignature, got)
	require.NoError(t, Verify([]string{vectorSecret}, vectorID, "1614265330", vectorSignature, []byte(vectorBody), at))
}

func TestWhatIsBelieved(t *testing.T) {
	t.Parallel()
	at := time.Unix(vectorTime, 0)
	old, young := NewSecret(), NewSecret()
	require.NotEqual(t, old, young)
	both, err := Sign([]string{young, old}, "m1", at, []byte("x"))
	require.NoError(t, err)
	one, err := Sign([]string{old}, "m1", at, []byte("x"))
	require.NoError(t, err)
	for _, c := range []struct {
		name            string
		secrets         []string
		id, stamp, sign string
		body            string
		now             time.Time
		want            error
	}{
		{"both secrets live", []string{old}, "m1", "1614265330", both, "x", at, nil},
		{"the new one alone", []string{young}, "m1", "1614265330", both, "x", at, nil},
		{"the receiver knows both", []string{young, old}, "m1", "1614265330", one, "x", at, nil},
		{"other versions beside ours", []string{old}, "m1", "1614265330", "v1a,zzz " + one + " v9,x", "x", at, nil},
		{"4 minutes late", []string{old}, "m1", "1614265330", one, "x", at.Add(4 * time.Minute), nil},
		{"6 minutes late", []string{old}, "m1", "1614265330", one, "x", at.Add(6 * time.Minute), ErrTime},
		{"6 minutes early", []string{old}, "m1", "1614265330", one, "x", at.Add(-6 * time.Minute), ErrTime},
		{"another secret", []string{young}, "m1", "1614265330", one, "x", at, ErrSignature},
		{"another body", []string{old}, "m1", "1614265330", one, "x ", at, ErrSignature},
		{"another id", []string{old}, "m2", "1614265330", one, "x", at, ErrSignature},
		{"another time", []string{old}, "m1", "1614265331", one, "x", at, ErrSignature},
		{"of another version", []string{old}, "m1", "1614265330", strings.Replace(one, "v1,", "v2,", 1), "x", at, ErrSignature},
		{"no secret", nil, "m1", "1614265330", one, "x", at, ErrSignature},
		{"no id", []string{old}, "", "1614265330", one, "x", at, ErrHeaders},
		{"an id that reaches into the time", []string{old}, "m1.1", "1614265330", one, "x", at, ErrHeaders},
		{"no time", []string{old}, "m1", "", one, "x", at, ErrHeaders},
		{"junk for a time", []string{old}, "m1", "now", one, "x", at, ErrHeaders},
		{"no signature", []string{old}, "m1", "1614265330", "", "x", at, ErrHeaders},
		{"a secret that is none", []string{"secret"}, "m1", "1614265330", one, "x", at, ErrSecret},
		{"a short secret", []string{"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23))}, "m1", "1614265330", one, "x", at, ErrSecret},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.ErrorIs(t, Verify(c.secrets, c.id, c.stamp, c.sign, []byte(c.body), c.now), c.want)
		})
	}
	_, err = Sign([]string{"whsec_???"}, "m1", at, nil)
	require.ErrorIs(t, err, ErrSecret)
}

func TestWhichAddressesArePublic(t *testing.T) {
	t.Parallel()
	for _, in := range strings.Fields(`127.0.0.1 127.9.9.9 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0.0.0.0 0.1.2.3 100.64.0.1 100.127.255.255 192.0.0.8
		192.0.2.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 fe80::1
		fe80::1%eth0 fc00::1 fd12:3456::1 fec0::1 ff02::1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1`) {
		require.False(t, Public(netip.MustParseAddr(in)), in)
	}
	for _, out := range strings.Fields(`1.1.1.1 8.8.8.8 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 169.253.1.1 198.17.0.1 198.20.0.1 223.255.255.255 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8`) {
		require.True(t, Public(netip.MustParseAddr(out)), out)
	}
	require.False(t, Public(netip.Addr{}))
}

func TestWhichURLsMayBeKept(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"https://hooks.example/x?y=1", "http://hooks.example", "https://8.8.8.8:8443/x", "https://[2606:4700::1111]/"} {
		require.NoError(t, CheckURL(good, nil), good)
	}
	for _, bad := range []string{
		"", "hooks.example", "ftp://hooks.example", "https://", "https:///x", "https://u:p@hooks.example", "https://hooks.example/#x", "http://127.0.0.1/", "http://[::1]/", "http://localhost:80/",
		"http://a.localhost./", "http://10.1.2.3/", "http://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/", "\x00",
	} {
		require.Error(t, CheckURL(bad, nil), bad)
	}
	allowed := Hosts{"127.0.0.1:9000", "intranet.example", "[::1]:9000"}
	require.NoError(t, CheckURL("http://127.0.0.1:9000/x", allowed))
	require.NoError(t, CheckURL("http://[::1]:9000/x", allowed))
	require.Error(t, CheckURL("http://127.0.0.1:9001/x", allowed))
	require.NoError(t, CheckURL("http://INTRANET.example:1234/x", allowed))
}
