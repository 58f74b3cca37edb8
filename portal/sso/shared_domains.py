"""Domains that nobody can have for themselves: public suffixes and everybody's mail providers."""

from functools import cache

from publicsuffixlist import PublicSuffixList

# Providers that give an address to anybody. Their own staff would not sign in with one.
_MAIL_PROVIDERS = frozenset(
    # One word after the other: a list of strings would take a line for each.
    """
    126.com 163.com aim.com alice.it aliyun.com aol.com aol.de arcor.de att.net bigpond.com
    bluewin.ch bol.com.br btinternet.com centrum.cz charter.net comcast.net cox.net daum.net
    duck.com earthlink.net email.com email.cz fastmail.com fastmail.fm foxmail.com free.fr
    freemail.hu freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.fr gmx.net gmx.us
    googlemail.com hanmail.net hey.com hotmail.ca hotmail.co.jp hotmail.co.uk hotmail.com
    hotmail.com.br hotmail.de hotmail.es hotmail.fr hotmail.it hotmail.nl hushmail.com icloud.com
    ig.com.br inbox.com inbox.ru interia.pl juno.com laposte.net libero.it list.ru live.at
    live.ca live.cn live.co.uk live.com live.com.au live.de live.fr live.it live.nl live.se
    mac.com mail.com mail.de mail.ru mailbox.org mailinator.com me.com msn.com naver.com
    netscape.net o2.pl online.no onet.pl op.pl optonline.net orange.fr outlook.at outlook.com
    outlook.com.br outlook.de outlook.es outlook.fr outlook.it outlook.jp passport.com pm.me
    posteo.de proton.me protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com
    rocketmail.com rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com
    sky.com sohu.com startmail.com sympatico.ca t-online.de talktalk.net telenet.be terra.com.br
    tiscali.it tuta.com tuta.io tutanota.com tutanota.de ukr.net uol.com.br verizon.net
    virgilio.it virginmedia.com vodafone.de wanadoo.fr web.de windowslive.com wp.pl ya.ru
    yahoo.ca yahoo.co.id yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au
    yahoo.com.br yahoo.com.mx yahoo.de yahoo.es yahoo.fr yahoo.in yahoo.it yandex.com yandex.ru
    yeah.net ymail.com zoho.com zohomail.com
    """.split()  # noqa: SIM905
)


def is_public_suffix(domain: str) -> bool:
    """`co.uk` or `github.io`: names under which others have domains of their own."""
    return bool(_suffixes().is_public(domain))


def is_mail_provider(domain: str) -> bool:
    return domain in _MAIL_PROVIDERS


@cache
def _suffixes() -> PublicSuffixList:
    """The list as the package brings it; it asks nobody."""
    return PublicSuffixList()
