package mail_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

func TestSubjectNumbers(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string][]int64{
		"Re: [#1042] printer":        {1042},
		"AW: #[1042] Drucker":        {1042},
		"返信: ［＃１０４２］プリンター":           {1042},
		"＃１０４２の件":                    {1042},
		"#1042 again":                {1042},
		"about (#1042), please":      {1042},
		"【#1042】の件":                  {1042},
		"[# 1042] x":                 {1042},
		"[#1042][#1043] two":         {1042, 1043},
		"#1043 [#1042]":              {1042, 1043},
		"no number":                  nil,
		"invoice #42 is missing":     nil,
		"model A#1042":               nil,
		"color #1042ff":              nil,
		"https://x.example/#1042":    nil,
		"&#1042;":                    nil,
		"[#99999999999999999999] x":  nil,
		"[#0] x":                     nil,
		"phone 1042":                 nil,
		"[#1042] again [#1042]":      {1042},
		"Ticket#1042":                nil,
		"Re: Fwd: [#1042] #1042 end": {1042},
	} {
		require.Equal(t, want, mail.SubjectNumbers(subject), subject)
	}
}

func TestCleanSubject(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]string{
		"printer":                         "printer",
		"Re: printer":                     "printer",
		"RE: Re: FW: printer":             "printer",
		"AW: WG: Drucker":                 "Drucker",
		"SV: VS: skrivare":                "skrivare",
		"RE[2]: printer":                  "printer",
		"Re(3): printer":                  "printer",
		"Re^2: printer":                   "printer",
		"Re : imprimante":                 "imprimante",
		"回复: 打印机":                         "打印机",
		"回复：打印机":                          "打印机",
		"转发：打印机":                          "打印机",
		"答复: 转发: 打印机":                     "打印机",
		"返信: プリンター":                       "プリンター",
		"Re：プリンター":                        "プリンター",
		"転送: プリンター":                       "プリンター",
		"답장: 프린터":                         "프린터",
		"전달: 프린터":                         "프린터",
		"회신: 프린터":                         "프린터",
		"Re: [#1042] printer":             "printer",
		"[#1042] Re: printer":             "printer",
		"Re: [#1042] AW: #[1042] printer": "printer",
		"［＃１０４２］プリンター":                    "プリンター",
		"[Fwd: printer]":                  "printer",
		"Re:":                             "",
		"":                                "",
		"Reply to my question":            "Reply to my question",
		"Region: north":                   "Region: north",
		"Printer: broken":                 "Printer: broken",
		"I: think":                        "think",
		"[urgent] Re: printer":            "[urgent] Re: printer",
		"Odp: Ynt: x":                     "x",
		"TR: imprimante":                  "imprimante",
		"RV: impresora":                   "impresora",
		"お問い合わせを受け付けました：プリンター": "お問い合わせを受け付けました：プリンター",
	} {
		require.Equal(t, want, mail.CleanSubject(subject), subject)
	}
}

func TestTagSubject(t *testing.T) {
	t.Parallel()
	require.Equal(t, "[#1042] printer", mail.TagSubject(1042, "printer"))
	require.Equal(t, "[#1042] printer", mail.TagSubject(1042, "[#1042] printer"))
	require.Equal(t, "printer", mail.TagSubject(0, "printer"))
	require.Equal(t, "[#1042]", mail.TagSubject(1042, ""))
}
