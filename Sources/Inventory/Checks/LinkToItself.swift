/// `link-to-itself`: both ends of a link are one site.
enum LinkToItself {
    static func faults(in declaration: Declaration) -> [Fault] {
        declaration.links.filter { $0.link == nil }.map { link in
            Fault(
                .linkToItself, at: link.ends.1.place, "the link is from \(link.ends.0.value) to itself",
                remedy: "name two different sites")
        }
    }
}
