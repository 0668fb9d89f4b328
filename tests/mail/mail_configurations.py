"""The configurations of Dovecot, Exim and Postfix for a test: text only, one function for each program.

Mail for users of test.invalid goes to their mailboxes over Dovecot's LMTP. Mail for anybody at far.invalid is taken and
then refused by Dovecot, who has no such user, and mail for any other domain cannot be routed: both come back as
bounces. The programs run without a chroot, look up no names, and touch nothing outside the folder.
"""
DOMAIN = "test.invalid"
FAR_DOMAIN = "far.invalid"
HOST = "mail.test.invalid"
RECIPIENTS_PER_LMTP = 50


def dovecot(stack):
    folder, ports = stack.folder, stack.ports
    quota = """
mail_plugins = quota
plugin {
  quota = maildir:User quota
}
protocol imap {
  mail_plugins = quota imap_quota
}""" if stack.quota else ""
    clients = f"""
ssl_ca = <{stack.certificates.authority}
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_require_client_cert = yes
auth_ssl_username_from_cert = yes
# Postfix, which asks as smtp, says nothing of certificates.
protocol smtp {{
  auth_ssl_require_client_cert = no
  auth_ssl_username_from_cert = no
}}
passdb {{
  driver = static
  mechanisms = external
  args = nopassword=y
}}""" if stack.client_certificates else ""
    listeners = "".join(f"""
service {protocol}-login {{
  inet_listener {protocol} {{
    port = {ports[protocol]}
  }}
  inet_listener {protocol}s {{
    port = {ports[protocol + 's']}
    ssl = yes
  }}
  process_min_avail = 1
  service_count = 0
}}""" for protocol in ("imap", "pop3"))
    return f"""
base_dir = {folder}/dovecot
state_dir = {folder}/dovecot
instance_name = {folder.name}
log_path = {folder}/log/dovecot.log
listen = 127.0.0.1
protocols = imap pop3 lmtp
hostname = {HOST}
# Whatever is set here, Dovecot takes passwords in the clear from the machine that it runs on.
ssl = yes
ssl_cert = <{stack.certificates.certificate(stack.certificate)}
ssl_key = <{stack.certificates.key(stack.certificate)}
disable_plaintext_auth = yes
auth_mechanisms = plain login{" external" if stack.client_certificates else ""}
auth_failure_delay = {stack.failure_delay_seconds} secs
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mailbox_list_index = yes
mail_fsync = never
lmtp_save_to_detail_mailbox = no
namespace inbox {{
  inbox = yes
  separator = {stack.separator}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}{clients}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
service auth {{
  unix_listener auth-mta {{
    mode = 0666
  }}
  user = root
}}
service auth-worker {{
  user = root
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
}}{listeners}{quota}
"""


def exim(stack):
    folder, ports = stack.folder, stack.ports
    users = " : ".join(stack.users)
    clients = f"""
tls_verify_certificates = {stack.certificates.authority}
tls_verify_hosts = *""" if stack.client_certificates else ""
    external = """
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = $tls_in_certificate_verified
  server_param2 = ${certextract {subj_altname,mail,>:}{$tls_in_peercert}}
  server_condition = ${if eq{$auth2}{$auth1}{yes}{${if eq{$auth1}{}}}}
  server_set_id = $auth2
""" if stack.client_certificates else ""
    condition = "${if and{{eq{%s}{" + stack.password + "}}{match{%s}{@" + DOMAIN + "\\$}}}}"
    return f"""
exim_path = {stack.mta_program}
primary_hostname = {HOST}
domainlist local = {DOMAIN}
domainlist far = {FAR_DOMAIN}
spool_directory = {folder}/exim/spool
log_file_path = {folder}/exim/%slog
pid_file_path = {folder}/exim/exim.pid
exim_user = {stack.mta_user}
exim_group = {stack.mta_group}
# Exim gives up root for a configuration of another place, so that nothing but LMTP can write mailboxes.
deliver_drop_privilege = true
never_users =
daemon_smtp_ports = {ports['smtp']} : {ports['submission']}
local_interfaces = 127.0.0.1
host_lookup =
tls_advertise_hosts = *
tls_certificate = {stack.certificates.certificate(stack.certificate)}
tls_privatekey = {stack.certificates.key(stack.certificate)}{clients}
message_size_limit = {stack.size_max}
recipients_max = {stack.recipients_max}
keep_environment =
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
queue_run_max = 2
prdr_enable = true
chunking_advertise_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  deny message = 550 5.1.1 no such user
     domains = +local
     ! local_parts = {users}
  accept domains = +local
  accept authenticated = *
  deny message = 554 5.7.1 relay denied
data:
  accept
begin routers
mailboxes:
  driver = accept
  domains = +local : +far
  transport = lmtp
begin transports
lmtp:
  driver = lmtp
  socket = {folder}/dovecot/lmtp
  user = {stack.mta_user}
  group = {stack.mta_group}
  batch_max = {RECIPIENTS_PER_LMTP}
  envelope_to_add
  return_path_add
begin retry
* * F,10m,2s; F,1h,1m
begin rewrite
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  # The empty prompt is for clients that send no initial response.
  server_prompts = :
  server_condition = {condition % ('$auth3', '$auth2')}
  server_set_id = $auth2
  server_advertise_condition = ${{if def:tls_in_cipher}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = {condition % ('$auth2', '$auth1')}
  server_set_id = $auth1
  server_advertise_condition = ${{if def:tls_in_cipher}}
{external}"""


def postfix_main(stack):
    """Who shows a good certificate may send without a login: Postfix has no EXTERNAL."""
    folder = stack.folder
    programs = stack.postfix_programs
    users = ",".join(f"{{{user}@{DOMAIN}=x}}" for user in stack.users)
    return f"""
compatibility_level = 3.6
queue_directory = {folder}/postfix/queue
data_directory = {folder}/postfix/data
command_directory = {programs.parents[2] / 'sbin'}
daemon_directory = {programs}
shlib_directory = {programs.parent}
meta_directory = {folder}/postfix/conf
import_environment = MAIL_CONFIG LANG=C LD_LIBRARY_PATH={programs.parent}
mail_owner = {stack.mta_user}
setgid_group = {stack.mta_group}
myhostname = {HOST}
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
maillog_file = {folder}/log/postfix.log
maillog_file_prefixes = {folder}/log
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_maps = inline:{{{users}}}
virtual_transport = lmtp:unix:{folder}/dovecot/lmtp
relay_domains =
transport_maps = inline:{{{FAR_DOMAIN}=lmtp:unix:{folder}/dovecot/lmtp}}
default_transport = error:5.4.4 unrouteable address
message_size_limit = {stack.size_max}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
smtpd_tls_security_level = may
smtpd_tls_cert_file = {stack.certificates.certificate(stack.certificate)}
smtpd_tls_key_file = {stack.certificates.key(stack.certificate)}
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/dovecot/auth-mta
smtpd_tls_CAfile = {stack.certificates.authority}
smtpd_relay_restrictions = permit_tls_all_clientcerts, permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_limit = {stack.recipients_max}
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
minimal_backoff_time = 2s
queue_run_delay = 2s
in_flow_delay = 0
notify_classes =
lmtp_destination_recipient_limit = {RECIPIENTS_PER_LMTP}
"""


POSTFIX_SERVICES = """
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd{submission_options}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def postfix_services(stack):
    demands = " -o smtpd_tls_security_level=encrypt -o smtpd_tls_req_ccert=yes" if stack.client_certificates else ""
    return POSTFIX_SERVICES.format(**stack.ports, submission_options=demands)
