package mail_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

var self = []string{"support@desk.example", "help@desk.example"}

func parse(t *testing.T, lines ...string) mail.Message {
	t.Helper()
	m, _ := mail.Parse([]byte(strings.Join(lines, "\n")+"\n\ntext\n"), mail.Limits{})
	return m
}

func TestFindHints(t *testing.T) {
	t.Parallel()
	reply := testKeys.ReplyAddress("support@desk.example", "tok1")
	own := func(n int) (id, uuid string) {
		uuid = fmt.Sprintf("0198a5d2-1111-7222-8333-%012d", n)
		return testKeys.MessageID(mail.KindReply, uuid, "desk.example"), uuid
	}
	id1, uuid1 := own(1)
	id2, uuid2 := own(2)

	t.Run("token in To, Cc or the envelope", func(t *testing.T) {
		t.Parallel()
		for _, field := range []string{"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"} {
			h := mail.FindHints(parse(t, "From: a@x.example", field+": "+reply), testKeys, self)
			require.Equal(t, []string{"tok1"}, h.Tokens, field)
			require.False(t, h.OthersAddressed, field)
		}
		forged := strings.Replace(reply, "tok1", "tok2", 1)
		require.Empty(t, mail.FindHints(parse(t, "To: "+forged), testKeys, self).Tokens)
		require.Empty(t, mail.FindHints(parse(t, "Reply-To: "+reply), testKeys, self).Tokens)
	})
	t.Run("ids from right to left", func(t *testing.T) {
		t.Parallel()
		h := mail.FindHints(parse(t, "References: <c1@x.example> "+id1+" <c2@x.example> "+id2, "In-Reply-To: "+id2+" <c3@x.example>"), testKeys, self)
		require.Equal(t, []mail.OwnID{{UUID: uuid2, Kind: mail.KindReply}, {UUID: uuid1, Kind: mail.KindReply}}, h.Own)
		require.Equal(t, []string{"c2@x.example", "c1@x.example", "c3@x.example"}, h.Foreign)
	})
	t.Run("a forged id of ours is foreign", func(t *testing.T) {
		t.Parallel()
		h := mail.FindHints(parse(t, "In-Reply-To: "+strings.Replace(id1, "0001.", "0003.", 1)), testKeys, self)
		require.Empty(t, h.Own)
		require.Len(t, h.Foreign, 1)
	})
	t.Run("marker in the quoted HTML", func(t *testing.T) {
		t.Parallel()
		raw, err := mail.Compose(outgoing(func(o *mail.Outgoing) { o.MessageID = id1; o.Marker = true }))
		require.NoError(t, err)
		ours, _ := mail.Parse(raw, mail.Limits{})
		answer, _ := mail.Parse([]byte("From: a@x.example\nIn-Reply-To: <rewritten@relay.example>\nContent-Type: text/html\n\n<p>Thanks</p><blockquote>"+ours.HTML+"</blockquote>"), mail.Limits{})
		require.Equal(t, []mail.OwnID{{UUID: uuid1, Kind: mail.KindReply}}, mail.FindHints(answer, testKeys, self).Own)
	})
	t.Run("subject, forward, other recipients", func(t *testing.T) {
		t.Parallel()
		h := mail.FindHints(parse(t, "Subject: WG: [#1042] Drucker", "To: support+anything@desk.example, b@other.example"), testKeys, self)
		require.Equal(t, []int64{1042}, h.Numbers)
		require.True(t, h.Forwarded)
		require.True(t, h.OthersAddressed)
		h = mail.FindHints(parse(t, "Subject: Re: FW: x", "To: HELP@desk.example"), testKeys, self)
		require.False(t, h.Forwarded, "the answer to a forward is an answer")
		require.False(t, h.OthersAddressed)
	})
	t.Run("issue trackers", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, mail.LookupID("JIRA.123.1700000000.5.1@host"), mail.LookupID("JIRA.123.1800000000.99.7@host"))
		require.NotEqual(t, mail.LookupID("JIRA.123.1.1@host"), mail.LookupID("JIRA.124.1.1@host"))
		require.Equal(t, "CAF=x@mail.gmail.com", mail.LookupID("CAF=x@mail.gmail.com"))
	})
}

func TestDecide(t *testing.T) {
	t.Parallel()
	in := mail.Found{Ticket: 1042, Participant: true}
	out := mail.Found{Ticket: 1042}
	own := []mail.OwnID{{UUID: testUUID, Kind: mail.KindReply}}
	byOwn := func(f mail.Found) mail.Lookup { return mail.Lookup{Own: map[string]mail.Found{testUUID: f}} }
	byToken := func(f mail.Found) mail.Lookup { return mail.Lookup{Tokens: map[string]mail.Found{"tok": f}} }
	byID := func(f mail.Found) mail.Lookup { return mail.Lookup{Foreign: map[string]mail.Found{"c@x": f}} }
	byNumber := func(f mail.Found) mail.Lookup { return mail.Lookup{Numbers: map[int64]mail.Found{1042: f}} }
	forged := func(l mail.Lookup) mail.Lookup { l.SenderForged = true; return l }
	token, foreign, number := []string{"tok"}, []string{"c@x"}, []int64{1042}

	for name, c := range map[string]struct {
		hints  mail.Hints
		lookup mail.Lookup
		want   mail.Decision // Evidence is not compared
	}{
		"nothing":                           {mail.Hints{}, mail.Lookup{}, mail.Decision{Why: mail.WhyNothing}},
		"token, participant":                {mail.Hints{Tokens: token}, byToken(in), mail.Decision{Ticket: 1042, Why: mail.WhyToken}},
		"token, new address":                {mail.Hints{Tokens: token}, byToken(out), mail.Decision{Ticket: 1042, Why: mail.WhyToken, NewAddress: true}},
		"token, From forged":                {mail.Hints{Tokens: token}, forged(byToken(in)), mail.Decision{Ticket: 1042, Why: mail.WhyToken}},
		"token of a ticket that is gone":    {mail.Hints{Tokens: token}, mail.Lookup{}, mail.Decision{Why: mail.WhyUnknownHint}},
		"token beats the subject":           {mail.Hints{Tokens: token, Numbers: []int64{7}}, mail.Lookup{Tokens: byToken(in).Tokens, Numbers: map[int64]mail.Found{7: {Ticket: 7, Participant: true}}}, mail.Decision{Ticket: 1042, Why: mail.WhyToken}},
		"own id, participant":               {mail.Hints{Own: own}, byOwn(in), mail.Decision{Ticket: 1042, Why: mail.WhyOwnID}},
		"own id, new address":               {mail.Hints{Own: own}, byOwn(out), mail.Decision{Ticket: 1042, Why: mail.WhyOwnID, NewAddress: true}},
		"own id, forwarded by a stranger":   {mail.Hints{Own: own, Forwarded: true}, byOwn(out), mail.Decision{Why: mail.WhyForwarded, Suspected: 1042}},
		"own id, forwarded to others too":   {mail.Hints{Own: own, Forwarded: true, OthersAddressed: true}, byOwn(in), mail.Decision{Why: mail.WhyForwarded, Suspected: 1042}},
		"own id, forwarded to us by client": {mail.Hints{Own: own, Forwarded: true}, byOwn(in), mail.Decision{Ticket: 1042, Why: mail.WhyOwnID}},
		"client's id, participant":          {mail.Hints{Foreign: foreign}, byID(in), mail.Decision{Ticket: 1042, Why: mail.WhyForeignID}},
		"client's id, stranger":             {mail.Hints{Foreign: foreign}, byID(out), mail.Decision{Why: mail.WhyStranger, Suspected: 1042}},
		"client's id, From forged":          {mail.Hints{Foreign: foreign}, forged(byID(in)), mail.Decision{Why: mail.WhyForged, Suspected: 1042}},
		"unknown ids":                       {mail.Hints{Foreign: foreign}, mail.Lookup{}, mail.Decision{Why: mail.WhyNothing}},
		"number, participant":               {mail.Hints{Numbers: number}, byNumber(in), mail.Decision{Ticket: 1042, Why: mail.WhyNumber}},
		"number, stranger":                  {mail.Hints{Numbers: number}, byNumber(out), mail.Decision{Why: mail.WhyStranger, Suspected: 1042}},
		"number, From forged":               {mail.Hints{Numbers: number}, forged(byNumber(in)), mail.Decision{Why: mail.WhyForged, Suspected: 1042}},
		"number, forwarded to others":       {mail.Hints{Numbers: number, Forwarded: true, OthersAddressed: true}, byNumber(in), mail.Decision{Why: mail.WhyForwarded, Suspected: 1042}},
		"number of no ticket":               {mail.Hints{Numbers: number}, mail.Lookup{}, mail.Decision{Why: mail.WhyUnknownHint}},
		"merged: the survivor":              {mail.Hints{Numbers: number}, byNumber(mail.Found{Ticket: 2000, Participant: true}), mail.Decision{Ticket: 2000, Why: mail.WhyNumber}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := mail.Decide(c.hints, c.lookup)
			got.Evidence = nil
			require.Equal(t, c.want, got)
		})
	}
}

// TestStrangerCannotWriteIntoATicket tries what an outsider can make up: nothing attaches, everything arrives.
func TestStrangerCannotWriteIntoATicket(t *testing.T) {
	t.Parallel()
	id := testKeys.MessageID(mail.KindReply, testUUID, "desk.example")
	forgedID := id[:len(id)-20] + strings.Repeat("a", 7) + id[len(id)-13:]
	m := parse(t, "From: mallory@evil.example", "Subject: Re: [#1042] printer", "References: "+forgedID+" <c@x>",
		"To: support+r.tok.k2-aaaaaaaaaaaaaaaa@desk.example")
	h := mail.FindHints(m, testKeys, self)
	require.Empty(t, h.Tokens)
	require.Empty(t, h.Own)
	everything := mail.Found{Ticket: 1042}
	d := mail.Decide(h, mail.Lookup{
		Tokens: map[string]mail.Found{"tok": everything}, Own: map[string]mail.Found{testUUID: everything},
		Foreign: map[string]mail.Found{"c@x": everything}, Numbers: map[int64]mail.Found{1042: everything},
	})
	require.Zero(t, d.Ticket)
	require.Equal(t, int64(1042), d.Suspected)
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields []string
		want   mail.Auth
	}{
		"dmarc pass":            {[]string{"Authentication-Results: mx.desk.example; dmarc=pass header.from=client.example"}, mail.AuthPass},
		"dmarc fail wins":       {[]string{"Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom=a@client.example; dmarc=fail"}, mail.AuthFail},
		"spf aligned":           {[]string{"Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom=bounce@mail.client.example"}, mail.AuthPass},
		"spf of another domain": {[]string{"Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom=evil.example"}, mail.AuthFail},
		"dkim aligned":          {[]string{"Authentication-Results: mx.desk.example 1; spf=fail; dkim=pass (ok) header.d=client.example"}, mail.AuthPass},
		"of another host":       {[]string{"Authentication-Results: mx.evil.example; dmarc=pass"}, mail.AuthNone},
		"forged below ours":     {[]string{"Authentication-Results: mx.desk.example; dmarc=fail", "Authentication-Results: mx.desk.example; dmarc=pass"}, mail.AuthFail},
		"nothing":               {nil, mail.AuthNone},
		"none":                  {[]string{"Authentication-Results: mx.desk.example; none"}, mail.AuthNone},
		"public suffix":         {[]string{"Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom=co.jp"}, mail.AuthFail},
	} {
		m := parse(t, append(c.fields, "From: a@client.example")...)
		if name == "public suffix" {
			m = parse(t, append(c.fields, "From: a@client.co.jp")...)
		}
		require.Equal(t, c.want, mail.Authentication(m, "mx.desk.example"), name)
		require.Equal(t, mail.AuthNone, mail.Authentication(m, ""), "without a trusted host nothing is known")
	}
}

func FuzzHints(f *testing.F) {
	id := testKeys.MessageID(mail.KindReply, testUUID, "desk.example")
	f.Add("Re: [#1042] x", id+" <a@b>", testKeys.ReplyAddress("support@desk.example", "tok1"))
	f.Add("［＃１０４２］ Fwd: 返信：", "a@b (c) <", "=?utf-8?q?a?= <x@y>, z")
	f.Add("[#99999999999999999999]", "<<<>>>", "<@a,@b:c@d>")
	f.Add("", "", strings.Replace(`"`+testKeys.ReplyAddress("@desk.example", "tok1"), "tok", "t\xffok", 1)) // read without the byte that no address has
	f.Fuzz(func(t *testing.T, subject, references, to string) {
		m := mail.Message{
			Subject: subject, References: mail.ParseIDs(references, 100), To: mail.ParseAddresses(to, "", 100),
		}
		for _, r := range append(m.References, addresses(m.To)...) {
			require.True(t, utf8.ValidString(r))
			require.NotContains(t, r, "\x00")
		}
		h := mail.FindHints(m, testKeys, self)
		for _, token := range h.Tokens {
			require.Contains(t, strings.ToLower(strings.Join(addresses(m.To), " ")), token)
		}
		for _, n := range h.Numbers {
			require.Positive(t, n)
		}
		if utf8.ValidString(subject) {
			clean := mail.CleanSubject(subject)
			require.True(t, utf8.ValidString(clean))
			require.Equal(t, int64(1042), mail.SubjectNumbers(mail.TagSubject(1042, clean))[0])
		}
		d := mail.Decide(h, mail.Lookup{Numbers: map[int64]mail.Found{1042: {Ticket: 1042}}})
		if d.Ticket != 0 {
			require.NotEmpty(t, append(h.Tokens, fmt.Sprint(h.Own)))
		}
	})
}

func addresses(list []mail.Address) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.Addr, a.Name)
	}
	return out
}
