package postgres

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	a, err := NewSealer(testKey)
	require.NoError(t, err)
	again, err := NewSealer(testKey)
	require.NoError(t, err)
	other, err := NewSealer(testKey + "!")
	require.NoError(t, err)

	sealed, err := a.Seal([]byte("pa55word"), "mailbox 1")
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "pa55word")
	twice, err := a.Seal([]byte("pa55word"), "mailbox 1")
	require.NoError(t, err)
	require.NotEqual(t, sealed, twice)
	plain, err := again.Open(sealed, "mailbox 1")
	require.NoError(t, err)
	require.Equal(t, "pa55word", string(plain))

	_, err = other.Open(sealed, "mailbox 1")
	require.ErrorContains(t, err, "sealed with another secret key ("+a.KeyID())
	_, err = a.Open(sealed, "mailbox 2")
	require.ErrorContains(t, err, "belongs to something else")
	for i := range sealed {
		torn := bytes.Clone(sealed)
		torn[i] ^= 1
		_, err = a.Open(torn, "mailbox 1")
		require.Error(t, err, "byte %d", i)
		_, err = a.Open(sealed[:i], "mailbox 1")
		require.Error(t, err, "cut at %d", i)
	}
	var none *Sealer
	_, err = none.Seal(nil, "")
	require.ErrorContains(t, err, "DURADESK_SECRET_KEY")
	_, err = none.Open(sealed, "")
	require.ErrorContains(t, err, "DURADESK_SECRET_KEY")
	_, err = NewSealer("too short")
	require.ErrorContains(t, err, "has 9 characters and needs at least 32")
}

func TestKeysByPurpose(t *testing.T) {
	t.Parallel()
	a, err := NewSealer(testKey)
	require.NoError(t, err)
	again, err := NewSealer(testKey)
	require.NoError(t, err)
	other, err := NewSealer(testKey + "!")
	require.NoError(t, err)
	require.Len(t, a.Key("message-id"), 32)
	require.Equal(t, a.Key("message-id"), again.Key("message-id"))
	require.NotEqual(t, a.Key("message-id"), a.Key("message-i"))
	require.NotEqual(t, a.Key("message-id"), other.Key("message-id"))
}

func TestSealerHidesItself(t *testing.T) {
	t.Parallel()
	s, err := NewSealer(testKey)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "sealer", s, "config", Config{Sealer: s})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "sealer", s)
	inside, err := json.Marshal(map[string]any{"sealer": s})
	require.NoError(t, err)
	said := fmt.Sprintf("%v %+v %#v %s %x %d ", s, s, s, s, s, s) + fmt.Sprintf("%+v %#v", Config{Sealer: s}, *s) + string(inside) + log.String()
	for _, secret := range [][]byte{[]byte(testKey), s.root, s.Key("seal")} {
		require.NotContains(t, said, string(secret))
		require.NotContains(t, said, fmt.Sprintf("%x", secret))
		require.NotContains(t, said, fmt.Sprintf("%d", secret[0])+" "+fmt.Sprintf("%d", secret[1])+" "+fmt.Sprintf("%d", secret[2]))
	}
}
