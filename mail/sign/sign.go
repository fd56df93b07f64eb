package sign

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emersion/go-msgauth/dkim"
)

// Key is a private key with what the world may know of it.
type Key struct {
	DER    []byte // PKCS #8
	Public string // of the DNS record: "k=rsa; p=…"
}

// rsaBits is what every receiver takes (RFC 8301 §3.2) and what fits into a DNS answer.
const rsaBits = 2048

// New makes a key: RSA, for not every receiver reads Ed25519 yet (RFC 8463).
func New() (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return Key{}, fmt.Errorf("make a key to sign with: %w", err)
	}
	return keyOf(private)
}

// Parse reads a private key that was made elsewhere: PEM, PKCS #8 or PKCS #1, RSA of 2048 bits or more, or Ed25519.
func Parse(text []byte) (Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, errors.New("it is not PEM")
	}
	if private, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return keyOf(private)
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, errors.New("it is no private key by PKCS #8 or PKCS #1")
	}
	return keyOf(private)
}

func keyOf(private any) (Key, error) {
	var kind string
	var public []byte
	switch p := private.(type) {
	case *rsa.PrivateKey:
		if p.N.BitLen() < rsaBits {
			return Key{}, fmt.Errorf("it has %d bits and needs at least %d", p.N.BitLen(), rsaBits)
		}
		der, err := x509.MarshalPKIXPublicKey(&p.PublicKey)
		if err != nil {
			return Key{}, fmt.Errorf("write the public key: %w", err)
		}
		kind, public = "rsa", der
	case ed25519.PrivateKey:
		kind, public = "ed25519", p.Public().(ed25519.PublicKey) //nolint:forcetypeassert // Public says so
	default:
		return Key{}, errors.New("it is neither RSA nor Ed25519")
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("write the private key: %w", err)
	}
	return Key{DER: der, Public: "k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)}, nil
}

// signed are the fields that the signature covers (RFC 6376 §5.4.1). What stands here and not in the mail cannot be added
// on the way; From is named twice, so that no second one can.
var signed = []string{
	"From", "From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version",
	"Content-Type", "Content-Transfer-Encoding", "Content-Language", "Auto-Submitted",
}

// Sign gives a mail its signature in front. der is a key as in Key; domain and selector say where receivers find its
// other half.
func Sign(raw, der []byte, domain, selector string) ([]byte, error) {
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("read the key to sign with: %w", err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key to sign with cannot sign")
	}
	var out bytes.Buffer
	err = dkim.Sign(&out, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: domain, Selector: selector, Signer: signer, HeaderKeys: signed,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return nil, fmt.Errorf("sign a mail: %w", err)
	}
	return out.Bytes(), nil
}
