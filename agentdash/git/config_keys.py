"""Every key of git's configuration, and what makes a repository's own value of it harmless.

A repository's configuration is not trusted: by some keys git runs a program, reads or writes a file of the
author's choice, or uses another repository. Each key of git is in one of the lists below; a test compares
them with ``git help -c`` of the installed git and fails where one is missing. Sources: git-config(1),
gitattributes(5), and git's release notes up to 2.52.

Patterns are those of `fnmatch`, in lower case; ``*`` also stands for a name, as in ``filter.<driver>.clean``.
"""

from __future__ import annotations

import os
import re
from enum import StrEnum
from fnmatch import fnmatchcase

_NULL = os.devnull

FIXED = {
    "core.alternaterefscommand": "true",
    "core.askpass": "true",
    "core.editor": "false",
    "core.fsmonitor": "false",
    "core.gitproxy": "",
    "core.hookspath": _NULL,
    "core.pager": "cat",
    "core.sshcommand": "false",
    "credential.helper": "",
    "commit.gpgsign": "false",
    "commit.template": _NULL,
    "commit.verbose": "false",
    "diff.autorefreshindex": "false",
    "diff.dstprefix": "b/",
    "diff.mnemonicprefix": "false",
    "diff.noprefix": "false",
    "diff.orderfile": _NULL,
    "diff.srcprefix": "a/",
    "fetch.all": "false",
    "fetch.recursesubmodules": "false",
    "fetch.writecommitgraph": "false",
    "format.pretty": "medium",
    "gc.auto": "0",
    "gpg.openpgp.program": "false",
    "gpg.program": "false",
    "gpg.ssh.defaultkeycommand": "false",
    "gpg.ssh.program": "false",
    "gpg.x509.program": "false",
    "http.savecookies": "false",
    "interactive.difffilter": "",
    "log.mailmap": "false",
    "log.showsignature": "false",
    "mailmap.file": _NULL,
    "maintenance.auto": "false",
    "protocol.ext.allow": "never",
    "push.gpgsign": "false",
    "rerere.enabled": "false",
    "sequence.editor": "false",
    "ssh.variant": "auto",
    "submodule.recurse": "false",
    "tag.gpgsign": "false",
    "transfer.bundleuri": "false",
}
"""Keys with a fixed value in each git process."""

BY_NAME = {
    "filter.*.clean": "",
    "filter.*.smudge": "",
    "filter.*.process": "",
    "filter.*.required": "false",
    "hook.*.command": "",
    "hook.*.event": "",
    "hook.*.enabled": "false",
    # Programs that filters of the user's own (git lfs, git annex) take from the repository's configuration.
    "lfs.extension.*.clean": "",
    "lfs.extension.*.smudge": "",
    "lfs.customtransfer.*": "",
    "lfs.*standalonetransferagent": "",
    "annex.*command*": "",
    "remote.*.annex*": "",
    "remote.*.uploadpack": "git-upload-pack",
    "remote.*.receivepack": "git-receive-pack",
}
"""Keys overridden by full name where a repository sets them: by the user's value, else this one."""

FILES = (
    "core.attributesfile",
    "core.excludesfile",
    "fetch.fsck.skiplist",
    "fsck.skiplist",
    "receive.fsck.skiplist",
)
"""Files that git reads; one that is not a regular file is replaced by the null device."""

BY_OPTION = {
    "alias.*": "an alias never replaces one of git's own commands",
    "credential.*": "credential.helper is emptied last, then the user's own follow",
    "diff.*.cachetextconv": "--no-textconv",
    "diff.*.command": "--no-ext-diff",
    "diff.*.textconv": "--no-textconv",
    "diff.external": "--no-ext-diff",
    "diff.ignoresubmodules": "--ignore-submodules",
    "diff.relative": "--no-relative",
    "diff.submodule": "--submodule=short",
    "core.worktree": "shown as it is; nothing is staged or committed where git's top level is another",
    "extensions.partialclone": "GIT_NO_LAZY_FETCH, GIT_ALLOW_PROTOCOL",
    "fetch.prune": "--no-prune",
    "fetch.prunetags": "--no-prune-tags",
    "format.notes": "--no-notes",
    "gpg.*.program": "--no-show-signature, --format, --no-gpg-sign",
    "gpg.format": "--no-gpg-sign",
    "gpg.ssh.allowedsignersfile": "no signature is checked",
    "gpg.ssh.revocationfile": "no signature is checked",
    "grep.fallbacktonoindex": "GIT_DIR is named",
    "include.path": "what is included is read by git config, too, before anything else is run",
    "includeif.*": "as include.path",
    "mailmap.blob": "log.mailmap is false",
    "merge.*.driver": "nothing is merged",
    "notes.displayref": "--no-notes",
    "pager.*": "git writes into a pipe, and GIT_PAGER is cat",
    "pretty.*": "each log and show names its --format",
    "protocol.*": "GIT_ALLOW_PROTOCOL",
    "remote.*.fetch": "nothing is fetched where one can overwrite branches or tags",
    "remote.*.prune": "--no-prune",
    "remote.*.prunetags": "--no-prune-tags",
    "remote.*.partialclonefilter": "GIT_NO_LAZY_FETCH",
    "remote.*.promisor": "GIT_NO_LAZY_FETCH",
    "remote.*.pushurl": "nothing is pushed",
    "remote.*.url": "GIT_ALLOW_PROTOCOL",
    "remote.*.vcs": "GIT_ALLOW_PROTOCOL",
    "trailer.*": "no trailers are asked for",
    "url.*.insteadof": "GIT_ALLOW_PROTOCOL holds for what comes out of it",
    "url.*.pushinsteadof": "nothing is pushed",
}
"""Keys without effect, and why: mostly an option or a variable of each command that reads them."""

REFUSED = (
    "fetch.bundleuri", "bundle.*", "fetch.uriprotocols", "http.cookiefile", "http.savecookies",
    "http.curloptresolve", "http.delegation", "http.emptyauth", "http.extraheader", "http.followredirects",
    "http.pinnedpubkey", "http.proactiveauth", "http.proxy*", "http.schannel*", "http.ssl*",
    "remote.*.proxy", "remote.*.proxyauthmethod", "credential.*protectprotocol",
    "credential.*sanitizeprompt", "promisor.*",
)  # fmt: skip
"""Keys that weaken or redirect a fetch, or let it write: where the repository sets one, a fetch is refused.

Without TLS, a proxy receives the password; a header can select another host behind the same server; after a
redirection the user's headers go to the new address. Keys of ``http`` can be set for one address
(``http.<url>.sslVerify``), and no other value overrides those.
"""

PROTECTED = ("safe.*", "trace2.*", "uploadpack.packobjectshook")
"""Keys that git reads from the configuration of the user and the system only."""

UNUSED = (
    "add.interactive.*", "am.*", "apply.*", "blame.*", "browser.*", "checkout.*", "clean.*", "clone.*",
    "completion.*", "difftool.*", "diff.guitool", "diff.tool", "fastimport.*", "gc.*", "gitcvs.*",
    "gitweb.*", "gui.*", "guitool.*", "help.*", "imap.*", "init.*", "instaweb.*", "interactive.*",
    "lfs.*", "annex.*", "mailinfo.*", "maintenance.*", "man.*", "merge.*", "mergetool.*", "pull.*",
    "push.*", "rebase.*", "receive.*", "remote.pushdefault", "repack.*", "replay.*", "rerere.*",
    "revert.*", "sendemail.*", "sendpack.*", "sequence.*", "showbranch.*", "stash.*", "submodule.*",
    "tag.*", "tar.*", "uploadarchive.*", "web.browser", "worktree.*", "format.attach", "format.cc",
    "format.cover*", "format.encodeemailheaders", "format.filenamemaxlength", "format.forceinbodyfrom",
    "format.from", "format.headers", "format.mboxrd", "format.noprefix", "format.numbered",
    "format.outputdirectory", "format.signature*", "format.signoff", "format.subjectprefix",
    "format.suffix", "format.thread", "format.to", "format.useautobase", "core.createobject", "notes.*",
    "branch.*.mergeoptions", "fsmonitor.*", "uploadpack.*", "uploadpackfilter.*", "lsrefs.*",
)  # fmt: skip
"""Keys of commands that agentdash never runs, or of features that are off in each command."""

INERT = (
    "add.*", "advice.*", "attr.tree", "author.*", "branch.*", "color.*", "column.*", "commit.*",
    "commitgraph.*", "committer.*", "core.abbrev", "core.alternaterefsprefixes", "core.autocrlf",
    "core.bare", "core.bigfilethreshold", "core.checkroundtripencoding", "core.checkstat",
    "core.commentchar", "core.commentstring", "core.commitgraph", "core.compression",
    "core.deltabasecachelimit", "core.disambiguate", "core.eol", "core.filemode",
    "core.filesreflocktimeout", "core.fsmonitorhookversion", "core.fsync", "core.fsyncmethod",
    "core.fsyncobjectfiles", "core.hidedotfiles", "core.ignorecase", "core.ignorestat",
    "core.lockfilepid", "core.logallrefupdates", "core.loosecompression", "core.maxtreedepth",
    "core.multipackindex", "core.notesref", "core.packedgitlimit", "core.packedgitwindowsize",
    "core.packedrefstimeout", "core.precomposeunicode", "core.prefersymlinkrefs", "core.preloadindex",
    "core.protecthfs", "core.protectntfs", "core.quotepath", "core.repositoryformatversion",
    "core.restrictinheritedhandles", "core.safecrlf", "core.sharedrepository", "core.sparsecheckout",
    "core.sparsecheckoutcone", "core.splitindex", "core.symlinks", "core.trustctime",
    "core.unsetenvvars", "core.untrackedcache", "core.usereplacerefs", "core.warnambiguousrefs",
    "core.whitespace", "core.wslcompat", "credentialcache.*", "credentialstore.*", "diff.*.algorithm",
    "diff.*.binary", "diff.*.trustexitcode", "diff.*.wordregex", "diff.*.xfuncname", "diff.*.funcname",
    "diff.algorithm", "diff.colormoved*", "diff.context", "diff.dirstat", "diff.indentheuristic",
    "diff.interhunkcontext", "diff.renamelimit", "diff.renames", "diff.statgraphwidth",
    "diff.statnamewidth", "diff.suppressblankempty", "diff.trustexitcode", "diff.wordregex",
    "diff.wserrorhighlight", "extensions.compatobjectformat", "extensions.noop*",
    "extensions.objectformat", "extensions.preciousobjects", "extensions.refstorage",
    "extensions.relativeworktrees", "extensions.submodulepathconfig", "extensions.worktreeconfig",
    "feature.*", "fetch.bundlecreationtoken", "fetch.fsck.*", "fetch.fsckobjects",
    "fetch.negotiationalgorithm", "fetch.output", "fetch.parallel",
    "fetch.showforcedupdates", "fetch.unpacklimit", "fsck.*", "gpg.mintrustlevel",
    "grep.column", "grep.extendedregexp", "grep.fullname", "grep.linenumber", "grep.patterntype",
    "grep.threads", "http.[*]", "http.keepalive*",
    "http.lowspeed*", "http.maxrequests", "http.maxretries", "http.maxretrytime", "http.minsessions",
    "http.noepsv", "http.postbuffer", "http.retryafter",
    "http.useragent", "http.version", "i18n.*", "index.*", "log.abbrevcommit", "log.date",
    "log.decorate", "log.diffmerges", "log.excludedecoration", "log.follow", "log.graphcolors",
    "log.initialdecorationset", "log.showroot", "pack.*", "reftable.*",
    "remote.*.followremotehead", "remote.*.mirror", "remote.*.push", "remote.*.serveroption",
    "remote.*.skipdefaultupdate", "remote.*.skipfetchall", "remote.*.tagopt", "remotes.*", "sideband.*",
    "sparse.*", "splitindex.*", "status.*", "transfer.*", "user.*", "versionsort.*", "windows.*",
)  # fmt: skip
"""Keys that neither run anything, nor read or write a file of their author's choice."""


class Safeguard(StrEnum):
    """What makes a key harmless; the names of the lists above."""

    FIXED = "fixed"
    BY_NAME = "by name"
    FILE = "file"
    BY_OPTION = "by option"
    REFUSED = "refused"
    PROTECTED = "protected"
    UNUSED = "unused"
    INERT = "inert"


_LISTS: tuple[tuple[Safeguard, tuple[str, ...]], ...] = (
    (Safeguard.FIXED, tuple(FIXED)),
    (Safeguard.BY_NAME, tuple(BY_NAME)),
    (Safeguard.FILE, FILES),
    (Safeguard.REFUSED, REFUSED),
    (Safeguard.BY_OPTION, tuple(BY_OPTION)),
    (Safeguard.PROTECTED, PROTECTED),
    (Safeguard.UNUSED, UNUSED),
    (Safeguard.INERT, INERT),
)


def safeguard_of(key: str) -> Safeguard | None:
    """What makes *key* harmless; None for a key in no list.

    ``http.<url>.X`` counts as ``http.X``.
    """
    plain = normalized(key)
    return next((means for means, keys in _LISTS if any(fnmatchcase(plain, one) for one in keys)), None)


def neutral_value(key: str) -> str | None:
    """The value that overrides *key* by its full name; None where no override is needed."""
    plain = normalized(key)
    return next((value for pattern, value in BY_NAME.items() if fnmatchcase(plain, pattern)), None)


def is_refused(key: str) -> bool:
    """Whether a fetch is refused where the repository's own configuration sets *key*."""
    plain = normalized(key)
    return any(fnmatchcase(plain, pattern) for pattern in REFUSED)


def normalized(key: str) -> str:
    """*key* in lower case, without the address in ``http.<url>.X``, as the patterns expect it."""
    section, _, rest = key.lower().partition(".")
    return f"{section}.{rest.rpartition('.')[2]}" if section == "http" else f"{section}.{rest}"


RISKY_WORDS = re.compile(
    rb"filter|include|attributesfile|excludesfile|annex|\[hook|\[lfs[^\]]", re.IGNORECASE
)
"""Occurs in every configuration file that sets a key of `BY_NAME` or includes a file.

Names of sections and keys know no escapes (git-config(1), "Syntax"). Quoted parts do, and are not searched.
"""
