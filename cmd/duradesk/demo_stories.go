package main

// person is a client of the demo desk.
type person struct{ name, email, phone, language string }

// story is one sample ticket: how it came in and what was done with it.
type story struct {
	client   person
	channel  string
	title    string
	text     string
	priority string
	by       string // who logs it, where it is not a mail
	steps    []step
}

// step is a command of an agent, or (mail) what the client wrote back.
type step struct {
	as, command, text string
	body              map[string]any
	mail              string
}

func do(as, command string, body map[string]any) step {
	return step{as: as, command: command, body: body}
}

func say(as, command, text string) step { return step{as: as, command: command, text: text} }
func reply(text string) step            { return step{mail: text} }
func keep(as string) step {
	return do(as, "assign", map[string]any{"assign": map[string]any{"owner": "me"}})
}

func hold(as, reason, text string) step {
	return step{as: as, command: "hold", text: text, body: map[string]any{"hold": map[string]any{"reason": reason}}}
}

func internally(as, category string) step {
	return do(as, "resolve", map[string]any{"resolve": map[string]any{"category": category}})
}

func escalate(as, group, reason string) step {
	return do(as, "escalate", map[string]any{"escalate": map[string]any{"group": group, "reason": reason}})
}

var demoGroups = [][2]string{{"tier2", "第2グループ / Second line"}}

// demoPassword is that of every demo agent.
const demoPassword = "duradesk-demo"

var demoAgents = []map[string]any{
	{"key": "sato", "name": "佐藤 花子", "email": "sato@desk.example", "role": "agent", "language": "ja", "groups": []string{"support"}, "desks": []string{"support"}, "password": demoPassword},
	{"key": "suzuki", "name": "鈴木 一郎", "email": "suzuki@desk.example", "role": "agent", "language": "ja", "groups": []string{"support", "tier2"}, "desks": []string{"support"}, "password": demoPassword},
	{"key": "miller", "name": "Anna Miller", "email": "miller@desk.example", "role": "agent", "language": "en", "groups": []string{"support"}, "desks": []string{"support"}, "password": demoPassword},
	{"key": "tanaka", "name": "田中 部長", "email": "tanaka@desk.example", "role": "lead", "language": "ja", "groups": []string{"support", "tier2"}, "desks": []string{"support"}, "password": demoPassword},
}

var (
	yamada = person{"山田 太郎", "yamada@client.example", "+81-3-1234-5678", "ja"}
	kimura = person{"木村 由美", "kimura@client.example", "+81-6-2345-6789", "ja"}
	ito    = person{"伊藤 健", "ito@client.example", "", "ja"}
	brown  = person{"Peter Brown", "brown@client.example", "+44-20-7946-0958", "en"}
	garcia = person{"Lucía García", "garcia@client.example", "", "en"}
	chen   = person{"陈 伟", "chen@client.example", "", "en"}
	caller = person{"高橋 様（電話）", "", "+81-90-1111-2222", "ja"}
)

var demoStories = []story{
	{client: yamada, channel: "mail", title: "プリンターが動きません", text: "お世話になっております。\n今朝から印刷ができません。ご確認をお願いいたします。"},
	{client: kimura, channel: "mail", title: "請求書の宛名変更について", text: "請求書の宛名を株式会社キムラに変更していただけますか。", steps: []step{keep("sato")}},
	{client: ito, channel: "mail", title: "ログインできない", text: "パスワードを変更してからログインできません。", steps: []step{
		say("sato", "agent-response", "お問い合わせありがとうございます。\n\n表示されている**エラー番号**を教えていただけますでしょうか。"), reply("エラー番号は E-1203 です。"),
	}},
	{client: brown, channel: "mail", title: "Delivery is late", text: "My order 4711 should have arrived on Monday.", steps: []step{
		hold("miller", "third_party", "Thank you for writing. I have asked the carrier and will come back to you."),
	}},
	{client: garcia, channel: "mail", title: "Refund for order 4699", text: "I returned the lamp two weeks ago.", steps: []step{
		say("miller", "agent-response", "I can see the return, the refund is under way."), say("miller", "resolve", "The refund was paid out today."),
	}},
	{client: chen, channel: "mail", title: "API returns 500", text: "Every call to /orders fails since this morning.", steps: []step{
		keep("miller"), escalate("miller", "tier2", "Looks like an outage"), say("suzuki", "note", "ログを確認中。DB の接続数が上限。"),
	}},
	{client: yamada, channel: "mail", title: "納品書の再発行", text: "先月分の納品書を再発行してください。", steps: []step{say("suzuki", "resolve", "再発行いたしました。添付をご確認ください。")}},
	{client: kimura, channel: "mail", title: "解約の手続き", text: "解約の手続きを教えてください。", steps: []step{
		say("sato", "resolve", "手続きのご案内をお送りします。"), reply("ありがとうございます。もう一点、返金はいつになりますか。"),
	}},
	{client: ito, channel: "mail", title: "テストメールです", text: "テスト", steps: []step{internally("sato", "test")}},
	{client: brown, channel: "mail", title: "Win a free cruise!!!", text: "Click here to win.", steps: []step{internally("miller", "spam")}},
	{client: garcia, channel: "mail", title: "CHEAP WATCHES", text: "Best prices.", steps: []step{internally("miller", "spam"), do("tanaka", "delete", nil)}},
	{client: chen, channel: "mail", title: "Same question again", text: "As in my other mail.", steps: []step{internally("miller", "duplicate")}},
	{client: yamada, channel: "mail", title: "住所変更のお願い", text: "引っ越しました。新住所をお送りします。", steps: []step{say("sato", "resolve", "変更いたしました。"), do("tanaka", "close", nil)}},
	{client: caller, channel: "phone", title: "電話：製品の使い方", text: "保証期間についてのお問い合わせ。折り返し希望。", steps: []step{keep("sato")}},
	{client: caller, channel: "phone", title: "電話：修理の依頼", text: "画面が割れたとのこと。", steps: []step{keep("suzuki"), internally("suzuki", "solved_by_phone")}},
	{client: brown, channel: "phone", title: "Phone: wrong size delivered", text: "Received L instead of M.", by: "miller", steps: []step{
		keep("miller"), hold("miller", "client", "Please send us a photo of the label."),
	}},
	{client: kimura, channel: "portal", title: "会員ランクが反映されない", text: "先月の購入分がランクに反映されていません。"},
	{client: ito, channel: "portal", title: "アプリが落ちる", text: "起動直後に終了します。", priority: "high", steps: []step{keep("suzuki"), say("suzuki", "note", "再現できた。開発に確認する。")}},
	{client: garcia, channel: "portal", title: "Change my e-mail address", text: "Please use my new address.", by: "miller", steps: []step{say("miller", "resolve", "Done.")}},
	{client: chen, channel: "portal", title: "Invoice in another currency", text: "Can I be billed in EUR?", by: "miller", steps: []step{hold("miller", "internal", "")}},
	{client: yamada, channel: "chat", title: "チャット：在庫の確認", text: "A-100 の在庫はありますか。", steps: []step{keep("sato"), internally("sato", "solved_by_chat")}},
	{client: brown, channel: "chat", title: "Chat: discount code", text: "My code does not work.", by: "miller", steps: []step{say("miller", "agent-response", "Please try WELCOME10.")}},
	{client: kimura, channel: "chat", title: "チャット：営業時間", text: "年末年始の営業時間を教えてください。"},
	{client: chen, channel: "external", title: "Marketplace: item not as described", text: "The colour differs from the picture.", by: "miller", steps: []step{keep("miller")}},
	{client: ito, channel: "external", title: "モール：返品希望", text: "サイズが合いませんでした。", steps: []step{hold("sato", "scheduled", "")}},
	{client: garcia, channel: "external", title: "Marketplace: where is my parcel", text: "Tracking has not moved for five days.", by: "miller", priority: "urgent"},
	{client: ito, channel: "mail", title: "見積書のお願い", text: "100個の見積もりをお願いします。", steps: []step{hold("suzuki", "internal", "社内で確認しております。少々お待ちください。"), reply("お待ちしております。")}},
	{client: brown, channel: "mail", title: "Complaint about the last call", text: "I waited for 40 minutes.", steps: []step{keep("miller"), escalate("miller", "tier2", "Complaint, please call back")}},
	{client: kimura, channel: "mail", title: "商品が届かない", text: "注文から10日経ちました。", steps: []step{
		say("sato", "agent-response", "配送会社に確認いたします。"), say("sato", "note", "追跡番号 1234-5678"), say("sato", "resolve", "本日お届け予定です。"), do("tanaka", "close", nil), reply("まだ届いていません。"),
	}},
	{client: chen, channel: "mail", title: "How do I export my data?", text: "I need a CSV of all orders.", steps: []step{say("miller", "resolve", "Settings → Export.")}},
	{client: garcia, channel: "mail", title: "Abusive message", text: "…", steps: []step{internally("miller", "abuse")}},
}
