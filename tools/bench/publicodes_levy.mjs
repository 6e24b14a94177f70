// The levy of enterprises in publicodes. Run by engines.py in a folder of its own; knows nothing of ours.
//
//     node publicodes_levy.mjs CASES.csv RATIO SOCIAL_AVERAGE_WAGE
import { readFileSync } from "node:fs";
import Engine from "publicodes";

const [, , file, ratio, socialAverage] = process.argv;
const rules = {
  staff: 12,
  credited: 0,
  wages: 1,
  average: { valeur: "wages * 12 / staff", arrondi: "2 décimales" },
  charged: { valeur: "average", plafond: `${socialAverage} * 2` },
  gap: { valeur: `staff * ${ratio} - credited`, plancher: 0 },
  gross: { valeur: "gap * charged / 12", arrondi: "2 décimales" },
  share: {
    variations: [
      { si: "staff <= 360", alors: 1 },
      { si: "credited >= staff * 0.01", alors: 0.5 },
      { sinon: 0.1 },
    ],
  },
  relief: { valeur: "gross * share", arrondi: "2 décimales" },
  payable: { valeur: "gross - relief" },
};
const cases = readFileSync(file, "utf8").trim().split(/\r?\n/).map((line) => line.split(","));
const began = performance.now();
const engine = new Engine(rules);
const amounts = cases.map(([staff, credited, wages]) =>
  engine.setSituation({ staff, credited, wages }).evaluate("payable").nodeValue,
);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1000, amounts }));
