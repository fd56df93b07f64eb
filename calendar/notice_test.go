package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"duradesk/ticket"
)

func TestWhenANoticeIsMailed(t *testing.T) {
	t.Parallel()
	tokyo := ticket.StaffSettings{Mail: ticket.NoticeInstant, QuietFrom: "22:00", QuietTo: "07:30", Zone: "Asia/Tokyo"}
	lunch := ticket.StaffSettings{Mail: ticket.NoticeInstant, QuietFrom: "12:00", QuietTo: "13:00", Zone: "Asia/Tokyo"}
	digest := ticket.StaffSettings{Mail: ticket.NoticeDigest, DigestHour: 9, Zone: "Asia/Tokyo"}
	early := ticket.StaffSettings{Mail: ticket.NoticeDigest, DigestHour: 6, QuietFrom: "22:00", QuietTo: "07:30", Zone: "Asia/Tokyo"}
	berlin := ticket.StaffSettings{Mail: ticket.NoticeDigest, DigestHour: 2, Zone: "Europe/Berlin"}
	for _, c := range []struct {
		s        ticket.StaffSettings
		at, want string
	}{
		{tokyo, "2026-11-24T15:00:00+09:00", "2026-11-24T15:00:00+09:00"},
		{tokyo, "2026-11-24T21:59:59+09:00", "2026-11-24T21:59:59+09:00"},
		{tokyo, "2026-11-24T22:00:00+09:00", "2026-11-25T07:30:00+09:00"},
		{tokyo, "2026-11-25T03:00:00+09:00", "2026-11-25T07:30:00+09:00"},
		{tokyo, "2026-11-25T07:30:00+09:00", "2026-11-25T07:30:00+09:00"},
		{lunch, "2026-11-24T12:30:00+09:00", "2026-11-24T13:00:00+09:00"},
		{lunch, "2026-11-24T03:30:00Z", "2026-11-24T13:00:00+09:00"},
		{digest, "2026-11-24T08:59:00+09:00", "2026-11-24T09:00:00+09:00"},
		{digest, "2026-11-24T09:00:00+09:00", "2026-11-24T09:00:00+09:00"},
		{digest, "2026-11-24T09:00:01+09:00", "2026-11-25T09:00:00+09:00"},
		{early, "2026-11-24T12:00:00+09:00", "2026-11-25T07:30:00+09:00"},
		{berlin, "2027-03-27T12:00:00+01:00", "2027-03-28T03:00:00+02:00"}, // two o'clock is left out that night
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		require.NoError(t, err)
		want, err := time.Parse(time.RFC3339, c.want)
		require.NoError(t, err)
		due, ok, err := MailAt(c.s, at)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, want.UTC(), due, "%+v at %s", c.s, c.at)
	}
	_, ok, err := MailAt(ticket.DefaultStaffSettings(), time.Now())
	require.NoError(t, err)
	require.False(t, ok, "who has chosen nothing gets no mail")
	_, _, err = MailAt(ticket.StaffSettings{Mail: ticket.NoticeInstant, Zone: "Mars"}, time.Now())
	require.Error(t, err)
}

func TestANoticeIsNeverEarlyNorLaterThanTwoDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		clock := rapid.Custom(func(r *rapid.T) string {
			return time.Date(2026, 1, 1, rapid.IntRange(0, 23).Draw(r, "hour"), rapid.IntRange(0, 59).Draw(r, "minute"), 0, 0, time.UTC).Format("15:04")
		})
		s := ticket.StaffSettings{
			Mail: rapid.SampledFrom([]ticket.NoticeMail{ticket.NoticeInstant, ticket.NoticeDigest}).Draw(r, "mail"), DigestHour: rapid.IntRange(0, 23).Draw(r, "digest"),
			QuietFrom: clock.Draw(r, "from"), QuietTo: clock.Draw(r, "to"), Zone: rapid.SampledFrom([]string{"Asia/Tokyo", "Europe/Berlin", "America/New_York", "", "Australia/Lord_Howe"}).Draw(r, "zone"),
		}
		at := time.Unix(rapid.Int64Range(1767225600, 1830297600).Draw(r, "at"), 0).UTC()
		due, ok, err := MailAt(s, at)
		require.NoError(r, err)
		require.True(r, ok)
		require.False(r, due.Before(at))
		require.LessOrEqual(r, due.Sub(at), 49*time.Hour)
		again, _, err := MailAt(ticket.StaffSettings{Mail: ticket.NoticeInstant, QuietFrom: s.QuietFrom, QuietTo: s.QuietTo, Zone: s.Zone}, due)
		require.NoError(r, err)
		require.Equal(r, due, again, "when it is due, no quiet hours hold it back")
	})
}

func TestATimeOfDayIsStrict(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "8:30", "24:00", "08:60", "0830", "08:3", "-1:00", "08:30:00", "+8:30"} {
		_, err := ParseClock(s)
		require.Error(t, err, s)
	}
}
