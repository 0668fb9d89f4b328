"""A gateway of the fault server that lets no attachment through: of a mail stays what is plain text."""
import email
import email.policy

REMOVED = "An attachment was removed by the mail system.\r\n"


def without_attachments(content):
    """The mail as such a gateway passes it on."""
    mail = email.message_from_bytes(content, policy=email.policy.SMTP)
    if mail.is_multipart():
        mail.set_payload([part for part in mail.iter_parts() if part.get_content_type() == "text/plain"])
    elif mail.get_content_type() != "text/plain":
        for field in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"):
            del mail[field]
        mail["Content-Type"] = "text/plain; charset=us-ascii"
        mail.set_payload(REMOVED)
    return mail.as_bytes()
