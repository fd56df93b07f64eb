package sign_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/stretchr/testify/require"

	"duradesk/mail"
	"duradesk/mail/sign"
)

func letter(t *testing.T) []byte {
	t.Helper()
	raw, err := mail.Compose(mail.Outgoing{
		MessageID: "t.1.reply.k-x@desk.example", Date: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), From: mail.Address{Name: "サポート", Addr: "support@desk.example"},
		To: []mail.Address{{Addr: "yamada@client.example"}}, Number: 1042, Subject: "プリンターが動きません", Body: "お待たせしました。\n\n**再起動**してください。\n", Language: "ja",
		Attachments: []mail.Attachment{{Name: "手順書.pdf", Type: "application/pdf", Data: []byte("%PDF")}},
	})
	require.NoError(t, err)
	return raw
}

// verify is what a receiver finds who looks the record up.
func verify(t *testing.T, raw []byte, public string) error {
	t.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		require.Equal(t, "duradesk._domainkey.desk.example", name)
		return []string{"v=DKIM1; " + public}, nil
	}})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "desk.example", found[0].Domain)
	return found[0].Err
}

func encoded(t *testing.T, kind string, der []byte, err error) []byte {
	t.Helper()
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestASignedMailVerifies(t *testing.T) {
	t.Parallel()
	made, err := sign.New()
	require.NoError(t, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(edwards)
	given, err := sign.Parse(encoded(t, "PRIVATE KEY", der, err))
	require.NoError(t, err)
	require.Contains(t, given.Public, "k=ed25519; p=")
	for _, key := range []sign.Key{made, given} {
		raw := letter(t)
		out, err := sign.Sign(raw, key.DER, "desk.example", "duradesk")
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(out, []byte("DKIM-Signature: ")))
		require.True(t, bytes.HasSuffix(out, raw), "the mail itself stays as it was")
		require.NoError(t, verify(t, out, key.Public))

		require.Error(t, verify(t, bytes.Replace(out, []byte("\r\nSubject: "), []byte("\r\nSubject: x"), 1), key.Public), "another subject")
		require.Error(t, verify(t, bytes.Replace(out, []byte("\r\nFrom: "), []byte("\r\nFrom: x@evil.example\r\nFrom: "), 1), key.Public), "a second From")
		require.Error(t, verify(t, append(out, "more\r\n"...), key.Public), "words below")
	}
	out, err := sign.Sign(letter(t), made.DER, "desk.example", "duradesk")
	require.NoError(t, err)
	require.Error(t, verify(t, out, given.Public), "the key of somebody else")
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	for _, text := range [][]byte{
		nil, []byte("secret"), encoded(t, "PRIVATE KEY", []byte("junk"), nil), encoded(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(weak), nil),
	} {
		_, err := sign.Parse(text)
		require.Error(t, err)
	}
	_, err = sign.Sign(letter(t), []byte("junk"), "desk.example", "duradesk")
	require.Error(t, err)
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	key, err := sign.Parse(encoded(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(strong), nil))
	require.NoError(t, err)
	require.Contains(t, key.Public, "k=rsa; p=")
}
