package world_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/stretchr/testify/require"

	"duradesk/mail/world"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	login(t, w, "Support+anything@DESK.example", nil)
	require.Equal(t, []string{desk}, w.Addresses(), "made on first login, under its stem")

	for _, bad := range [][2]string{{desk, "wrong"}, {desk, ""}, {"nobody", "demo"}, {"@x", "demo"}} {
		c, err := imapclient.DialInsecure(w.IMAPAddr(), nil)
		require.NoError(t, err)
		err = c.Login(bad[0], bad[1]).Wait()
		var reply *imap.Error
		require.ErrorAs(t, err, &reply, "%v", bad)
		require.Equal(t, imap.ResponseCodeAuthenticationFailed, reply.Code)
		require.NoError(t, c.Close())
	}
	own := start(t, world.Options{Password: "秘密 \"x\""})
	c, err := imapclient.DialInsecure(own.IMAPAddr(), nil)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Login(desk, "秘密 \"x\"").Wait())
}

func TestIdlePush(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	came := make(chan uint32, 10)
	c := open(t, w, desk, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				came <- *data.NumMessages
			}
		},
	}})
	// This one comes between SELECT and IDLE; it must not wait for the next.
	deliver(t, w, desk, "before idle")
	idle, err := c.Idle()
	require.NoError(t, err)
	require.Equal(t, uint32(1), receive(t, came))

	out := dialSMTP(t, w)
	quickest, slowest := time.Hour, time.Duration(0)
	for n := range 5 {
		require.NoError(t, send(out, client, nil, mail(fmt.Sprint("push ", n)), desk))
		answered := time.Now()
		require.Equal(t, uint32(n+2), receive(t, came))
		took := time.Since(answered)
		quickest, slowest = min(quickest, took), max(slowest, took)
	}
	require.Less(t, quickest, 100*time.Millisecond, "pushed, not found by looking") // a busy machine makes some slow, not all
	t.Logf("slowest push after the 250: %v", slowest)
	require.NoError(t, idle.Close())
	require.NoError(t, idle.Wait())
	require.NoError(t, c.Noop().Wait())
}

func TestFlagsAndKeywordsPersist(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := start(t, world.Options{Dir: dir})
	deliver(t, w, desk, "one", "two")
	c := login(t, w, desk, nil)
	selected, err := c.Select("INBOX", nil).Wait()
	require.NoError(t, err)
	require.Contains(t, selected.PermanentFlags, imap.FlagWildcard)

	stored, err := c.Store(imap.UIDSetNum(1), &imap.StoreFlags{
		Op: imap.StoreFlagsAdd, Flags: []imap.Flag{"$DuradeskDone", imap.FlagSeen, "\\flagged"},
	}, nil).Collect()
	require.NoError(t, err)
	require.Len(t, stored, 1)
	require.Equal(t, []imap.Flag{"$DuradeskDone", imap.FlagFlagged, imap.FlagSeen}, stored[0].Flags)
	require.Equal(t, imap.UID(1), stored[0].UID)
	require.NoError(t, c.Store(imap.UIDSetNum(1, 2, 77), &imap.StoreFlags{
		Op: imap.StoreFlagsDel, Flags: []imap.Flag{"\\Flagged", "$never"}, Silent: true,
	}, nil).Close())

	check := func(w *world.World) {
		inbox := messages(t, w, desk, "INBOX")
		require.Equal(t, []imap.Flag{"$DuradeskDone", imap.FlagSeen}, inbox[0].Flags)
		require.Empty(t, inbox[1].Flags)
	}
	check(w)
	require.NoError(t, w.Close())
	again := start(t, world.Options{Dir: dir})
	check(again)
	data, err := open(t, again, desk, nil).UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{"$duradeskdone"}}, nil).Wait()
	require.NoError(t, err)
	require.Equal(t, []imap.UID{1}, data.AllUIDs())
}

func TestFetch(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	raw := "Subject: =?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=\r\nFrom: \"Yamada, T.\" <yamada@client.example>\r\nMessage-ID: <a@b>\r\n" +
		"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>\r\n--x--\r\n"
	_, err := w.Append(t.Context(), desk, "INBOX", []byte(raw))
	require.NoError(t, err)
	c := open(t, w, desk, nil)
	sections := []*imap.FetchItemBodySection{
		{Peek: true},
		{Peek: true, Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"message-id"}},
		{Peek: true, Specifier: imap.PartSpecifierText},
		{Peek: true, Part: []int{1}},
		{Peek: true, Partial: &imap.SectionPartial{Offset: 9, Size: 5}},
	}
	got, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{
		Envelope: true, Flags: true, InternalDate: true, RFC822Size: true, UID: true,
		BodyStructure: &imap.FetchItemBodyStructure{Extended: true}, BodySection: sections,
	}).Collect()
	require.NoError(t, err)
	require.Len(t, got, 1)
	m := got[0]
	require.Equal(t, raw, string(m.FindBodySection(sections[0])))
	require.Equal(t, "Message-ID: <a@b>\r\n\r\n", string(m.FindBodySection(sections[1])))
	require.True(t, strings.HasPrefix(string(m.FindBodySection(sections[2])), "--x\r\n"))
	require.Equal(t, "hello", string(m.FindBodySection(sections[3])))
	require.Equal(t, raw[9:14], string(m.FindBodySection(sections[4])))
	require.Equal(t, int64(len(raw)), m.RFC822Size)
	require.Equal(t, "日本語", m.Envelope.Subject)
	require.Equal(t, "a@b", m.Envelope.MessageID)
	require.Equal(t, "multipart/mixed", m.BodyStructure.MediaType())
	require.WithinDuration(t, time.Now(), m.InternalDate, time.Minute)
	require.Empty(t, m.Flags, "PEEK leaves \\Seen alone")

	_, err = c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}}).Collect()
	require.NoError(t, err)
	require.Equal(t, []imap.Flag{imap.FlagSeen}, messages(t, w, desk, "INBOX")[0].Flags)
}

func TestFetchOfBrokenMail(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	broken := []string{
		"", "\r\n", "no header at all", "From_ me\r\n: x\r\n\r\nbody", "Content-Type: multipart/mixed; boundary=x\r\n\r\nnothing",
		"Content-Type: multipart/mixed\r\n\r\nx", "Content-Type: ;;;\r\nSubject: \x00\xff\r\n\r\n\x00", "Subject: a\nFrom: b\n\nunix\n",
		"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/x; boundary=y\r\n\r\n", "From: <<>>, \"\r\nTo: @@\r\n\r\n",
		strings.Repeat("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n", 30),
	}
	for _, raw := range broken {
		_, err := w.Append(t.Context(), desk, "INBOX", []byte(raw))
		require.NoError(t, err)
	}
	c := open(t, w, desk, nil)
	whole := &imap.FetchItemBodySection{Peek: true}
	part := &imap.FetchItemBodySection{Peek: true, Part: []int{1}}
	got, err := c.Fetch(all(), &imap.FetchOptions{
		Envelope: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true},
		BodySection: []*imap.FetchItemBodySection{whole, part},
	}).Collect()
	require.NoError(t, err)
	require.Len(t, got, len(broken))
	for i := range broken {
		require.Equal(t, broken[i], string(got[i].FindBodySection(whole)))
	}
	_, err = c.UIDSearch(&imap.SearchCriteria{Text: []string{"body"}, SentSince: time.Now()}, nil).Wait()
	require.NoError(t, err)
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	deliver(t, w, desk, "one", "two", "three")
	japanese := "Subject: =?UTF-8?B?44OX44Oq44Oz44K/44O8?=\r\nDate: Tue, 3 Nov 2026 10:00:00 +0900\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n" +
		"Content-Transfer-Encoding: 7bit\r\n\r\n\x1b$BF|K\\8l\x1b(B\r\n"
	c := open(t, w, desk, nil)
	old := time.Date(2020, 2, 29, 23, 59, 0, 0, time.UTC)
	cmd := c.Append("INBOX", int64(len(japanese)), &imap.AppendOptions{Time: old, Flags: []imap.Flag{imap.FlagSeen}})
	_, err := cmd.Write([]byte(japanese))
	require.NoError(t, err)
	require.NoError(t, cmd.Close())
	appended, err := cmd.Wait()
	require.NoError(t, err)
	require.Equal(t, imap.UID(4), appended.UID)

	day := func(d int) time.Time { return time.Date(2020, 2, d, 0, 0, 0, 0, time.UTC) }
	header := func(key, value string) []imap.SearchCriteriaHeaderField {
		return []imap.SearchCriteriaHeaderField{{Key: key, Value: value}}
	}
	for name, tt := range map[string]struct {
		criteria imap.SearchCriteria
		want     []imap.UID
	}{
		"all":           {imap.SearchCriteria{}, []imap.UID{1, 2, 3, 4}},
		"message id":    {imap.SearchCriteria{Header: header("Message-ID", "<two@client.example>")}, []imap.UID{2}},
		"has field":     {imap.SearchCriteria{Header: header("Date", "")}, []imap.UID{4}},
		"subject ja":    {imap.SearchCriteria{Header: header("Subject", "プリンタ")}, []imap.UID{4}},
		"uid":           {imap.SearchCriteria{UID: []imap.UIDSet{{{Start: 2, Stop: 0}}}}, []imap.UID{2, 3, 4}},
		"sequence":      {imap.SearchCriteria{SeqNum: []imap.SeqSet{imap.SeqSetNum(1, 3)}}, []imap.UID{1, 3}},
		"since":         {imap.SearchCriteria{Since: time.Now().AddDate(0, 0, -1)}, []imap.UID{1, 2, 3}},
		"on":            {imap.SearchCriteria{Since: day(29), Before: day(30)}, []imap.UID{4}},
		"before":        {imap.SearchCriteria{Before: day(29)}, nil},
		"sent since":    {imap.SearchCriteria{SentSince: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)}, []imap.UID{4}},
		"unseen":        {imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, []imap.UID{1, 2, 3}},
		"text":          {imap.SearchCriteria{Text: []string{"HELLO, t"}}, []imap.UID{2, 3}},
		"body ja":       {imap.SearchCriteria{Body: []string{"日本語"}}, []imap.UID{4}},
		"body not head": {imap.SearchCriteria{Body: []string{"Message-ID"}}, nil},
		"not":           {imap.SearchCriteria{Not: []imap.SearchCriteria{{UID: []imap.UIDSet{imap.UIDSetNum(1)}}}}, []imap.UID{2, 3, 4}},
		"or": {imap.SearchCriteria{Or: [][2]imap.SearchCriteria{{
			{Header: header("Subject", "one")}, {Header: header("Subject", "three")},
		}}}, []imap.UID{1, 3}},
		"larger": {imap.SearchCriteria{Larger: 1000}, nil},
	} {
		data, err := c.UIDSearch(&tt.criteria, nil).Wait()
		require.NoError(t, err, name)
		require.Equal(t, tt.want, data.AllUIDs(), name)
	}
	data, err := c.UIDSearch(&imap.SearchCriteria{}, &imap.SearchOptions{ReturnMin: true, ReturnMax: true, ReturnCount: true}).Wait()
	require.NoError(t, err)
	require.Equal(t, []uint32{1, 4, 4}, []uint32{data.Min, data.Max, data.Count})
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	w := start(t, world.Options{})
	caps := open(t, w, desk, nil).Caps()
	for _, c := range []imap.Cap{imap.CapIMAP4rev1, imap.CapIMAP4rev2, imap.CapIdle, imap.CapUIDPlus, imap.CapMove, imap.CapNamespace, imap.CapESearch} {
		require.True(t, caps.Has(c), c)
	}
	bare := talk(t, w)
	bare.say("a LOGIN " + desk + " demo")
	require.NotContains(t, bare.say("b SELECT INBOX"), "* LIST", "not for rev1")
	bare.say("c ENABLE IMAP4rev2")
	require.Contains(t, bare.say("d SELECT inbox"), `* LIST () "/" INBOX`)
	space, err := login(t, w, desk, nil).Namespace().Wait()
	require.NoError(t, err)
	require.Equal(t, '/', space.Personal[0].Delim)
}
