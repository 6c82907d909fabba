/*
 * A message centre made of npm's smpp package, driven over its standard streams: one JSON object
 * per line. Arguments: one JSON object with port and, for TLS, key and cert (files). What comes in
 * changes the rules below; what goes out tells what happened.
 */
'use strict';

const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const options = JSON.parse(process.argv[2]);
const rules = {
  password: 'gizli',
  throttle: 0, // so many submits are refused with ESME_RTHROTTLED
  drop: 0, // before the answer to this submit, counted from now, the link is cut
  receipts: 'tlv', // or 'text', or 'none'
  state: 2,
  early: false, // the receipt comes in front of the answer
};
let taken = 0;

function tell(event) {
  process.stdout.write(JSON.stringify(event) + '\n');
}

/* What the receiver of a message reads: text, header elements, coding. */
function read(pdu) {
  const body = pdu.message_payload || pdu.short_message;
  return {
    to: pdu.destination_addr, from: pdu.source_addr, esm_class: pdu.esm_class,
    data_coding: pdu.data_coding, registered_delivery: pdu.registered_delivery,
    text: body.message === undefined ? String(body) : body.message,
    udh: (body.udh || []).map((element) => element.toString('hex')),
    sar: pdu.sar_total_segments === undefined ? null
      : [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
    payload: pdu.message_payload !== undefined,
  };
}

function receipt(session, pdu, id) {
  const words = ['SCHEDLD', 'ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV'];
  const fields = {
    source_addr_ton: 1, source_addr_npi: 1, source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr, esm_class: 4,
  };
  if (rules.receipts === 'tlv') {
    fields.receipted_message_id = id;
    fields.message_state = rules.state;
    fields.short_message = '';
  } else {
    fields.short_message = `id:${id} sub:001 dlvrd:001 submit date:2611241030 ` +
      `done date:2611241031 stat:${words[rules.state]} err:000 text:`;
  }
  session.deliver_sm(fields, (answer) => tell({ receipt: id, status: answer.command_status }));
}

function submit(session, pdu, raw) {
  const message = { submit: read(pdu), sequence: pdu.sequence_number, raw: raw(pdu) };
  if (rules.throttle > 0) {
    rules.throttle -= 1;
    tell({ throttled: pdu.sequence_number });
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  taken += 1;
  const id = `npm-${process.pid}-${taken}`;
  tell({ ...message, id });
  if (rules.drop > 0 && (rules.drop -= 1) === 0) {
    session.destroy();
    return;
  }
  const wanted = rules.receipts !== 'none' && pdu.registered_delivery & 1;
  if (wanted && rules.early) {
    receipt(session, pdu, id);
  }
  session.send(pdu.response({ message_id: id }));
  if (wanted && !rules.early) {
    receipt(session, pdu, id);
  }
}

/* The octets of the unit with this sequence number, kept from the moment they were read. */
function tap(session) {
  let bytes = Buffer.alloc(0);
  const units = new Map();
  session.socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 16 && bytes.length >= bytes.readUInt32BE(0)) {
      const length = bytes.readUInt32BE(0);
      units.set(bytes.readUInt32BE(12), bytes.subarray(0, length).toString('hex'));
      bytes = bytes.subarray(length);
    }
  });
  return (pdu) => {
    const hex = units.get(pdu.sequence_number);
    units.delete(pdu.sequence_number);
    return hex;
  };
}

function serve(session) {
  const raw = tap(session);
  session.on('error', (e) => tell({ error: e.message }));
  session.on('close', () => tell({ closed: true }));
  session.on('bind_transceiver', (pdu) => {
    const fits = pdu.password === rules.password;
    tell({ bind: pdu.system_id, accepted: fits, version: pdu.interface_version });
    session.send(pdu.response({ command_status: fits ? 0 : smpp.ESME_RINVPASWD }));
  });
  session.on('submit_sm', (pdu) => submit(session, pdu, raw));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    tell({ unbind: true });
    session.send(pdu.response());
    session.close();
  });
}

const secure = options.key ? { key: fs.readFileSync(options.key), cert: fs.readFileSync(options.cert) }
  : {};
const server = smpp.createServer(secure, serve);
server.listen(options.port, '127.0.0.1', () => tell({ listening: options.port }));
readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    Object.assign(rules, JSON.parse(line));
    tell({ rules: true });
  })
  .on('close', () => process.exit(0));
