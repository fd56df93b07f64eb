package mail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

const testUUID = "0198a5d2-1111-7222-8333-444455556666"

var (
	oldKey   = mail.Key{ID: "k", Secret: []byte("an old secret of the desk")}
	testKeys = mail.Keys{{ID: "k2", Secret: []byte("a new secret of the desk")}, oldKey}
)

func TestMessageID(t *testing.T) {
	t.Parallel()
	id := testKeys.MessageID(mail.KindReply, testUUID, "Desk.Example")
	require.Equal(t, id, testKeys.MessageID(mail.KindReply, testUUID, "desk.example"), "the same on every retry")
	require.Regexp(t, `^<t\.`+testUUID+`\.reply\.k2-[a-z2-7]{16}@desk\.example>$`, id)

	for _, form := range []string{id, strings.Trim(id, "<>"), strings.ToUpper(id), " " + id + " "} {
		own, ok := testKeys.VerifyMessageID(form)
		require.True(t, ok, form)
		require.Equal(t, mail.OwnID{UUID: testUUID, Kind: mail.KindReply}, own)
	}
	_, ok := mail.Keys{testKeys[1], testKeys[0]}.VerifyMessageID(id)
	require.True(t, ok, "both keys live during a rotation")
	_, ok = mail.Keys{oldKey}.VerifyMessageID(id)
	require.False(t, ok, "a retired key proves nothing")

	for name, forged := range map[string]string{
		"other kind":   strings.Replace(id, ".reply.", ".agent.", 1),
		"other uuid":   strings.Replace(id, "1111", "1112", 1),
		"other domain": strings.Replace(id, "desk.example", "evil.example", 1),
		"other key":    strings.Replace(id, ".k2-", ".k-", 1),
		"unknown key":  strings.Replace(id, ".k2-", ".zz-", 1),
		"no signature": "<t." + testUUID + ".reply@desk.example>",
		"cut":          id[:len(id)-20],
		"empty":        "",
		"foreign":      "<CAF1234@mail.gmail.com>",
	} {
		_, ok := testKeys.VerifyMessageID(forged)
		require.False(t, ok, name)
	}
	require.Empty(t, testKeys.MessageID(mail.KindReply, "not a uuid", "desk.example"))
	require.Empty(t, testKeys.MessageID(mail.KindReply, testUUID, ""))
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	reply := testKeys.ReplyAddress("support@desk.example", "abc123")
	require.Regexp(t, `^support\+r\.abc123\.k2-[a-z2-7]{16}@desk\.example$`, reply)
	token, ok := testKeys.VerifyReplyAddress(strings.ToUpper(reply))
	require.True(t, ok)
	require.Equal(t, "abc123", token)
	_, ok = testKeys.VerifyReplyAddress(strings.Replace(reply, "abc123", "abc124", 1))
	require.False(t, ok)
	_, ok = testKeys.VerifyBounceAddress(reply)
	require.False(t, ok, "a reply address is no bounce address")
	require.Equal(t, "support@desk.example", mail.Stem(reply))

	bounce := testKeys.BounceAddress("support@desk.example", testUUID)
	local, _, _ := strings.Cut(bounce, "@")
	require.LessOrEqual(t, len(local), 64)
	uuid, ok := testKeys.VerifyBounceAddress(bounce)
	require.True(t, ok)
	require.Equal(t, testUUID, uuid)

	require.Empty(t, testKeys.ReplyAddress("a-very-long-name-of-a-mailbox-that-leaves-no-room@desk.example", "abc123abc123"))
	require.Empty(t, testKeys.ReplyAddress("support@desk.example", "with.dot"))
	require.Empty(t, testKeys.ReplyAddress("support+x@desk.example", "abc"))
	require.Empty(t, testKeys.ReplyAddress("nonsense", "abc"))
}

func TestKeysValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, testKeys.Validate())
	require.Error(t, mail.Keys{}.Validate())
	require.ErrorContains(t, mail.Keys{{ID: "K!", Secret: make([]byte, 32)}}.Validate(), "key id")
	require.ErrorContains(t, mail.Keys{{ID: "k", Secret: make([]byte, 8)}}.Validate(), "16 bytes")
	derived := mail.KeyFromSecret([]byte("a secret"))
	require.NoError(t, mail.Keys{derived}.Validate())
	require.Equal(t, derived, mail.KeyFromSecret([]byte("a secret")))
	require.NotEqual(t, derived.Secret, mail.KeyFromSecret([]byte("b secret")).Secret)
}
